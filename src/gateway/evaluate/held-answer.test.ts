import { Readable } from "node:stream";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Annotations, storageWarning } from "./evaluator-warnings.ts";
import { HeldAnswer } from "./held-answer.ts";

/** The answer in pieces of these sizes; what comes out, and what of it came before the end of the input. */
async function pass(
  answer: string,
  sizes: readonly number[],
  check: (annotations: Annotations) => Annotations = (annotations) => annotations,
  warnings: readonly string[] = [],
): Promise<string> {
  const bytes = Buffer.from(answer);
  const pieces: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  let out = "";
  for await (const chunk of Readable.from(pieces).pipe(new HeldAnswer(check, warnings))) out += String(chunk);
  return out;
}

function refuse(found: Annotations): never {
  throw new Error(storageWarning(found) ?? "seen");
}

const refuseAny = (found: Annotations) => (Object.keys(found).length > 0 ? refuse(found) : found);

const text = fc.string({ unit: "grapheme", maxLength: 40 });
const answer = fc.record({
  status: fc.constant("success"),
  data: fc.record({ result: fc.array(fc.record({ metric: fc.dictionary(text, text) }), { maxLength: 5 }) }),
});
const annotations = fc.record(
  { warnings: fc.array(text, { minLength: 1 }), infos: fc.array(text, { minLength: 1 }) },
  { requiredKeys: [] },
);
const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 });

test("an answer comes out as it was, wherever it is cut, and its annotations are seen", async () => {
  await fc.assert(
    fc.asyncProperty(answer, annotations, sizes, async (content, ending, pieces) => {
      const whole = JSON.stringify({ ...content, ...ending });
      let seen: Annotations = {};
      const out = await pass(whole, pieces, (found) => {
        seen = found;
        return found;
      });
      expect(out).toBe(whole);
      expect(seen).toEqual(ending);
    }),
    { numRuns: 500 },
  );
});

test("labels that look like annotations are none", async () => {
  const metric = { a: ',"warnings":["x"]}', warnings: "x", infos: "[" };
  const whole = JSON.stringify({ data: { result: [{ metric }] } });
  expect(await pass(whole, [7], refuseAny)).toBe(whole);
});

test("an answer whose annotations are not believed ends in an error", async () => {
  const whole = JSON.stringify({ data: "x".repeat(200), warnings: ["remote_read: no"] });
  await expect(pass(whole, [50], refuse)).rejects.toThrow("remote_read: no");
});

test.each([
  ['PromQL warning: encountered a mix of histograms and floats for metric name "m" (1:5)', false],
  ["PromQL info: metric might not be a counter", false],
  ["3 more warning annotations omitted", false],
  ["results truncated due to limit", false],
  ['value "1" for parameter "stats" is deprecated and will be rejected in the next major release', false],
  ["remote_read: results truncated due to limit", true],
  ["remote_read: remote server returned http status 404 Not Found", true],
  ["error sending request: PromQL warning: ", true],
])("%s: about stored data: %s", (warning, isAboutStorage) => {
  expect(storageWarning({ warnings: ["PromQL info: x", warning] })).toBe(
    isAboutStorage ? warning : undefined,
  );
});

test("what the gateway has to say comes after what the evaluator says, or alone", async () => {
  await fc.assert(
    fc.asyncProperty(answer, annotations, sizes, async (content, ending, pieces) => {
      const whole = JSON.stringify({ ...content, ...ending });
      const out = await pass(whole, pieces, (found) => found, ["something is missing"]);
      const { warnings = [], ...rest } = ending;
      expect(JSON.parse(out)).toEqual({
        ...content,
        ...rest,
        warnings: [...warnings, "something is missing"],
      });
    }),
    { numRuns: 500 },
  );
});
