/** What /api/v1/explain says, under `data`. */
export interface Explanation {
  query: string;
  kind: "instant" | "range";
  /** pass, concat, combine, cut or evaluate. */
  way: string;
  /** Why this one, or why none that would be faster. */
  why: string;
  /** The expression; null where promfleet does not understand it as a whole. */
  tree: ExplainedNode | null;
  /** Who is asked, the one that is asked first at the beginning. */
  shards: { id: string; servers: string[] }[];
  /** What each shard is asked, in the place of the query or of a part of it. Where there is none it is asked for series. */
  asked: { query: string; for: string; puttingTogether: string }[];
  /** What the evaluator is asked; null where it is not. */
  evaluator: string | null;
  /** Where it was asked for: what came of it. */
  analysis: Analysis | null;
}

export interface ExplainedNode {
  /** Shortened where it is long. */
  text: string;
  kind: string;
  /** Who evaluates it: each shard, the gateway of what these answer, or the evaluator. */
  by: "shards" | "gateway" | "evaluator";
  parts: ExplainedNode[];
}

export interface Analysis {
  /** The way that it has taken in the end. */
  ways: string[];
  status: number;
  /** From the request to the answer's last byte. */
  seconds: number;
  bytes: number;
  /** Questions to shards, in the order in which they were answered; reads of the evaluator are not among them. */
  requests: { shard: string; server: string; query: string; status: number; seconds: number }[];
}
