import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { insertMatcher } from "./insert-matcher.ts";
import { parse } from "./parse.ts";

const matcher = '__promfleet_q__!="7"';

const cases: readonly [before: string, after: string][] = [
  ["up", `up{${matcher}}`],
  ["up{}", `up{${matcher}}`],
  ['up{a="b"}', `up{${matcher},a="b"}`],
  ['up{a="b",}', `up{${matcher},a="b",}`],
  ['up { a="b" }', `up {${matcher}, a="b" }`],
  ['{a="b"}', `{${matcher},a="b"}`],
  ['{"a.b"}', `{${matcher},"a.b"}`],
  ['{"a.b", c="d"}', `{${matcher},"a.b", c="d"}`],
  ["up{ # none, really\n}", `up{${matcher} # none, really\n}`],
  ['up{ # one\n a="b" # two\n}', `up{${matcher}, # one\n a="b" # two\n}`],
  ["sum{} + sum", `sum{${matcher}} + sum{${matcher}}`],
  ["rate(up[5m] offset 1h)", `rate(up{${matcher}}[5m] offset 1h)`],
  ['a{b="}"} / on (c) d @ 3', `a{${matcher},b="}"} / on (c) d{${matcher}} @ 3`],
  ["1 + time()", "1 + time()"],
];

function inserted(text: string): string {
  const expression = parse(text);
  if (!expression) throw new Error(`not understood: ${text}`);
  return insertMatcher(text, expression, matcher);
}

it.each(cases)("puts the matcher into %j", (before, after) => {
  expect(inserted(before)).toBe(after);
});

const cache = process.env["PROMFLEET_CACHE"] ?? path.join(homedir(), ".cache", "promfleet");
const promtool = path.join(cache, "programs", "prometheus-3.16.0", "promtool");

function format(text: string): string {
  return execFileSync(promtool, ["--experimental", "promql", "format", text], { encoding: "utf8" }).trim();
}

/** promtool moves a quoted metric into a matcher once there are others. */
function noEmptyBraces(text: string): string {
  return text.replaceAll("{}", "").replaceAll(/\{__name__="(.*?)"\}/g, '{"$1"}');
}

it.skipIf(!existsSync(promtool)).each(cases)(
  "leaves %j a text that Prometheus reads as the same with one matcher more",
  (before) => {
    const after = format(inserted(before));
    expect(after.includes(matcher)).toBe(before !== "1 + time()");
    const taken = after.replaceAll(`${matcher},`, "").replaceAll(`,${matcher}`, "").replaceAll(matcher, "");
    expect(noEmptyBraces(taken)).toBe(noEmptyBraces(format(before)));
  },
);
