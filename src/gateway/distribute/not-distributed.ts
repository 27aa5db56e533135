/** Why a query had to be evaluated after all. */
export const replanReasons = [
  "too_large",
  "refused",
  "same_labels",
  "infinite_sum",
  "histograms",
  "equal_values",
  "unordered",
  "several_replicas",
  "replica_failed",
  "replica_lost",
  "other",
] as const;

export type ReplanReason = (typeof replanReasons)[number];

/** What the shards have answered does not make the fleet's answer: the query has to be evaluated over their series. */
export class NotDistributed extends Error {
  override readonly name = "NotDistributed";
  readonly why: ReplanReason;

  /** @param why for /metrics */
  constructor(message: string, why: ReplanReason = "other") {
    super(message);
    this.why = why;
  }
}
