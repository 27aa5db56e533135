/** What the shards have answered does not make the fleet's answer: the query has to be evaluated over their series. */
export class NotDistributed extends Error {
  override readonly name = "NotDistributed";
}
