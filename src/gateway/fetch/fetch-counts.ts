/** What the fetcher did about slow servers, counted over its life. */
export interface FetchCounts {
  /** Second requests because headers were later than is usual. */
  hedges: number;
  /** Second requests because a server gave no sign of life. */
  failovers: number;
  /** Of both, those whose answer came first. */
  won: number;
  /** Second requests that were not made because the budget was spent. */
  withheld: number;
  /** Answers given up in the middle because hardly anything came, by server. */
  stalls: Map<string, number>;
}

export function noCounts(): FetchCounts {
  return { hedges: 0, failovers: 0, won: 0, withheld: 0, stalls: new Map() };
}
