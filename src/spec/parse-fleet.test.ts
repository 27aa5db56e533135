import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { parseFleet } from "./parse-fleet.ts";

// Each file of testdata is a case: NAME.good.yaml with NAME.good.json, the spec that comes of it, or NAME.bad.yaml with
// NAME.bad.txt, all that is said about it. UPDATE_GOLDEN=1 writes them anew; then read the difference.

const testdata = path.join(import.meta.dirname, "testdata");
const update = Boolean(process.env["UPDATE_GOLDEN"]);

function casesOf(kind: "good" | "bad"): string[] {
  return readdirSync(testdata)
    .filter((file) => file.endsWith(`.${kind}.yaml`))
    .map((file) => path.basename(file, ".yaml"));
}

async function textOf(name: string): Promise<string> {
  return readFile(path.join(testdata, `${name}.yaml`), "utf8");
}

/** The text of a file of what is expected, once it has been written anew where that is asked for. */
async function expectedIn(file: string, actual: string): Promise<string> {
  const expected = path.join(testdata, file);
  if (update) await writeFile(expected, actual);
  return existsSync(expected) ? readFile(expected, "utf8") : `${file} is not there`;
}

function refusalOf(text: string): PromfleetError | undefined {
  try {
    parseFleet(text, "fleet.yaml");
    return undefined;
  } catch (error) {
    if (error instanceof PromfleetError) return error;
    throw error;
  }
}

it.each(casesOf("good"))("takes %s", async (name) => {
  const { spec } = parseFleet(await textOf(name), "fleet.yaml");
  const actual = `${JSON.stringify(spec, undefined, 2)}\n`;
  expect(actual).toBe(await expectedIn(`${name}.json`, actual));
});

it.each(casesOf("bad"))("says what is wrong with %s", async (name) => {
  const refusal = refusalOf(await textOf(name));
  const actual = `${refusal?.message ?? "nothing"}\n`;
  expect(actual).toBe(await expectedIn(`${name}.txt`, actual));
});

it.each([
  ["brackets", "[".repeat(8e6), "INPUT_SYNTAX"],
  ["lists in lists", "- ".repeat(1e5), "INPUT_SYNTAX"],
  ["keys", "a: 1\n".repeat(1e6), "INPUT_TOO_LARGE"],
  ["text", "x".repeat(9e6), "INPUT_TOO_LARGE"],
])("refuses too many %s before memory ends", (_, text, code) => {
  expect(refusalOf(text)?.code).toBe(code);
});

const whole = readFileSync(path.join(testdata, "every-key.good.yaml"), "utf8");
const pieces = "{}[]&*!|>'\"%@`#-?:, \n\t<=~$\\.0aé\u0000\u2028\ud83d".split("");

/** A good text of which a part was replaced. */
const damaged = fc
  .tuple(
    fc.nat(whole.length),
    fc.nat(40),
    fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...pieces) })),
  )
  .map(([at, length, text]) => whole.slice(0, at) + text + whole.slice(at + length));

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom(...pieces), maxLength: 200 }),
  damaged,
  fc.json(),
  fc.json().map((json) => whole.replace(/scrapeConfigs:[^]*/, `scrapeConfigs: ${json}\n`)),
  fc.json().map((json) => whole.replace(/^spec:[^]*/m, `spec: ${json}\n`)),
);

it("either takes a text or says where it is wrong", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const lines = text.split("\n").length;
      for (const { at, message } of refusalOf(text)?.complaints ?? []) {
        expect(at?.line).toBeGreaterThanOrEqual(1);
        expect(at?.line).toBeLessThanOrEqual(lines);
        expect(at?.column).toBeGreaterThanOrEqual(1);
        expect(message).not.toContain("undefined");
      }
    }),
    { numRuns: 1000 },
  );
});
