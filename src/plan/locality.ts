import type { Span } from "../promql/expression.ts";

/**
 * How the value of an expression is spread over the shards, if every shard evaluates it on its own data:
 * - everywhere: every shard has the whole of it (constants, jobs that every shard scrapes);
 * - first: the first shard has the whole of it, the others do not (outputs of rules that only the first shard evaluates);
 * - byInstance: every series is on one shard alone, carries an instance label, and all series of an instance are on the same shard;
 * - disjoint: every series is on one shard alone, but its labels do not tell on which;
 * - mixed: some series are on one shard alone, the others are the same on every shard;
 * - all: no shard has it; it takes the data of all of them, or it cannot be told.
 */
export type Spread = "everywhere" | "first" | "byInstance" | "disjoint" | "mixed" | "all";

export interface Locality {
  spread: Spread;
  /** Why it is no better than it is; for complaints. */
  why?: string | undefined;
  /** The part of the expression that is to blame, where spread is "all". */
  part?: Span | undefined;
}

/** Whether the first shard alone has the whole of it. */
export function isWhole(locality: Locality): boolean {
  return locality.spread === "everywhere" || locality.spread === "first";
}

/** The locality of series that come from several sources at once. */
export function union(sources: readonly Locality[]): Locality {
  const spreads = new Set(sources.map((source) => source.spread));
  const of = (spread: Spread): Locality => sources.find((source) => source.spread === spread) ?? { spread };
  if (spreads.has("all")) return of("all");
  if (sources.every(isWhole)) return spreads.has("first") ? of("first") : { spread: "everywhere" };
  if (spreads.has("first"))
    return {
      spread: "all",
      why: "it reads both what only the first shard has and what is spread over the shards",
    };
  if (spreads.has("everywhere"))
    return {
      spread: "mixed",
      why: "it reads both jobs that every shard scrapes and jobs whose targets are spread over the shards",
    };
  if (spreads.has("mixed")) return of("mixed");
  return spreads.has("disjoint") ? of("disjoint") : of("byInstance");
}
