/** What stands beside the data of an answer. */
export interface Annotations {
  warnings: readonly string[];
  infos: readonly string[];
}
