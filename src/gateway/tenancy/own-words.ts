import { pipeline } from "node:stream";
import { z } from "zod";
import type { EnforcedText } from "../../promql/enforce-matchers.ts";
import { withoutTargets } from "../coverage/lack-warnings.ts";
import { movedErrors, sharedPositions } from "../evaluate/annotation-positions.ts";
import type { Annotations } from "../evaluate/evaluator-warnings.ts";
import { HeldAnswer, checkedEnding } from "../evaluate/held-answer.ts";
import type { Answer } from "../planner/query-request.ts";

/** Bytes of an error that is looked at. */
const longestError = 64 * 1024;
const errorAnswer = z.looseObject({ status: z.literal("error"), error: z.string() });

/**
 * The answer to a query that was not asked in the words of its user: places in the text become those of the user's own, and warnings
 * name nothing that the tenant may not see.
 * @param answer not packed
 */
export async function inOwnWords(
  answer: Answer,
  userText: string,
  { text, shared }: EnforcedText,
): Promise<Answer> {
  const { body, status } = answer;
  if (status !== 200) {
    const whole = await wholeError(body);
    const said = errorAnswer.safeParse(parseJson(whole));
    if (!said.success) return { ...answer, body: whole };
    const error = withoutTargets(movedErrors(userText, text, shared)(said.data.error));
    return { ...answer, body: Buffer.from(JSON.stringify({ ...said.data, error })) };
  }
  const moved = sharedPositions(userText, text, shared);
  const own = (words: string): string => withoutTargets(moved(words));
  const check = ({ warnings, infos }: Annotations): Annotations => ({
    ...(warnings && { warnings: warnings.map(own) }),
    ...(infos && { infos: infos.map(own) }),
  });
  if (body instanceof Uint8Array) return { ...answer, body: checkedEnding(Buffer.from(body), check) };
  // whoever reads the stream gets its errors
  return { ...answer, body: pipeline(body, new HeldAnswer(check), () => {}) };
}

async function wholeError(body: Answer["body"]): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > longestError) break;
  }
  return Buffer.concat(chunks, size);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
