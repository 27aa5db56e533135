import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { parseTopology } from "./parse-topology.ts";
import { printTopology } from "./print-topology.ts";

// Each file of testdata is a case: NAME.good.json with NAME.good.txt, as it is printed once its defaults are filled in, or
// NAME.bad.json with NAME.bad.txt, all that is said about it. UPDATE_GOLDEN=1 writes them anew; then read the difference.

const testdata = path.join(import.meta.dirname, "testdata");
const update = Boolean(process.env["UPDATE_GOLDEN"]);

const files = readdirSync(testdata).filter((file) => file.endsWith(".json"));

function answerTo(text: string): string {
  try {
    return printTopology(parseTopology(text, "topology.json"));
  } catch (error) {
    if (error instanceof PromfleetError) return `${error.message}\n`;
    throw error;
  }
}

it.each(files)("answers %s", async (file) => {
  const text = await readFile(path.join(testdata, file), "utf8");
  const actual = answerTo(text);
  const expected = path.join(testdata, `${path.basename(file, ".json")}.txt`);
  if (update) await writeFile(expected, actual);
  expect(actual).toBe(
    existsSync(expected) ? await readFile(expected, "utf8") : "no file of what is expected",
  );
  expect(actual.startsWith("{")).toBe(file.endsWith(".good.json"));
});

it.each(files.filter((file) => file.endsWith(".good.json")))(
  "reads %s again as it prints it",
  async (file) => {
    const topology = parseTopology(await readFile(path.join(testdata, file), "utf8"), "topology.json");
    expect(parseTopology(printTopology(topology), "topology.json")).toEqual(topology);
  },
);

function versionOf(text: string): string {
  return parseTopology(text, "topology.json").version;
}

it("gives a topology that has no version another one whenever it changes", () => {
  const text = readFileSync(path.join(testdata, "smallest.good.json"), "utf8");
  expect(versionOf(text)).toBe(versionOf(text));
  expect(versionOf(text)).not.toBe(versionOf(text.replace("9090", "9091")));
});

const whole = readFileSync(path.join(testdata, "every-key.good.json"), "utf8");

/** A good text of which a part was replaced. */
const damaged = fc
  .tuple(fc.nat(whole.length), fc.nat(40), fc.string())
  .map(([at, length, text]) => whole.slice(0, at) + text + whole.slice(at + length));

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  damaged,
  fc.json(),
  fc.json().map((json) => whole.replace(/"shards":[^]*/, `"shards": ${json}}`)),
  fc.json().map((json) => whole.replace(/"replicas":[^]*/, `"replicas": ${json}}]}`)),
);

it("says at once where a long string does not end", () => {
  expect(answerTo(`{"fleet": "${"x".repeat(4e6)}`)).toMatch(/^topology\.json:1:11: this is no JSON/);
});

it("either takes a text or says where it is wrong", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const answer = answerTo(text);
      expect(answer).toMatch(/^(?:\{|topology\.json:\d+:\d+: )/);
      expect(answer).not.toContain("undefined");
    }),
    { numRuns: 1000 },
  );
});
