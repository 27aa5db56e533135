/** A server as healing knows it. */
export interface HealedServer {
  name: string;
  /** Base URL without a trailing slash. */
  url: string;
  /** The header by which it knows who asks. */
  authorization?: string | undefined;
}

/** What the servers of a fleet have in common. */
export interface HealingTerms {
  /** ms: how late a sample may be for a server to take it, out_of_order_time_window. */
  windowMs: number;
  /** Whether late native histograms are taken too. */
  lateHistograms: boolean;
  /** Labels that servers add to what they answer to reads. */
  externalLabels: Readonly<Record<string, string>>;
}

/** ms, both inclusive. */
export interface TimeRange {
  from: number;
  to: number;
}
