import { type HistoryQuery, simplerQueries } from "./query.ts";

/** A query that is answered wrongly, and how. */
export interface WrongQuery {
  query: HistoryQuery;
  difference: string;
}

/** Makes a query as small as it can be with its answer still wrong. @param differenceOf undefined where it is right */
export async function smallestQuery(
  wrong: WrongQuery,
  differenceOf: (query: HistoryQuery) => Promise<string | undefined>,
): Promise<WrongQuery> {
  const { query } = wrong;
  for (const simpler of simplerQueries(query)) {
    const difference = await differenceOf(simpler);
    if (difference !== undefined) return await smallestQuery({ query: simpler, difference }, differenceOf);
  }
  return wrong;
}
