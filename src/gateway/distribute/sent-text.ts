import type { SharedText } from "../evaluate/annotation-positions.ts";

/** What a shard is asked in place of the user's own text, and which parts of it are that. */
export interface SentText {
  text: string;
  shared: readonly SharedText[];
}
