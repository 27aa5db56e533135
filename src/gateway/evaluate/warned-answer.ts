import { pipeline } from "node:stream";
import type { ShardLost } from "../fetch/shard-fetcher.ts";
import type { Answer } from "../planner/query-request.ts";
import { HeldAnswer, checkedEnding } from "./held-answer.ts";

/** What is said of shards that an answer lacks: one sentence each. */
export function lostWarnings(lost: readonly ShardLost[]): string[] {
  const shards = new Map(lost.map((error) => [error.shard, error]));
  return [...shards.values()].map(({ message }) => `${message}: its series are missing`);
}

/** An answer of the API with further warnings. */
export function warnedAnswer(answer: Answer, warnings: readonly string[]): Answer {
  if (warnings.length === 0) return answer;
  const { body } = answer;
  if (body instanceof Uint8Array)
    return { ...answer, body: checkedEnding(Buffer.from(body), (told) => told, warnings) };
  // whoever reads the stream gets its errors
  return { ...answer, body: pipeline(body, new HeldAnswer((told) => told, warnings), () => {}) };
}
