import { expect, test } from "vitest";
import { enforceMatchers, parseMatcher } from "./enforce-matchers.ts";
import type { Matcher } from "./expression.ts";

const shop: Matcher = { name: "ns", op: "=", value: "shop" };

function enforced(text: string, matchers: readonly Matcher[] = [shop]): string {
  const made = enforceMatchers(text, matchers);
  return typeof made === "string" ? made : made.text;
}

test.each([
  ["up", 'up{ns="shop"}'],
  ["up{}", 'up{ns="shop"}'],
  ['{"up"}', '{ns="shop","up"}'],
  ['up{ns="bank"}', 'up{ns="shop",ns="bank"}'],
  ['{__name__=~".+"}', '{ns="shop",__name__=~".+"}'],
  ["a / on (x) b", 'a{ns="shop"} / on (x) b{ns="shop"}'],
  ["max_over_time(rate(a[5m])[1h:] offset 1d)", 'max_over_time(rate(a{ns="shop"}[5m])[1h:] offset 1d)'],
  ['label_replace(a, "b", "{", "c", "}")', 'label_replace(a{ns="shop"}, "b", "{", "c", "}")'],
  ["a # } or b\n+ c", 'a{ns="shop"}         \n+ c{ns="shop"}'],
  // for Prometheus a comment ends at a carriage return, for other parsers it does not
  ["a # \r + b", 'a{ns="shop"}     + b{ns="shop"}'],
  ['a{x="#"} # {', 'a{ns="shop",x="#"}    '],
  ["a{x=`\\`} or b", 'a{ns="shop",x=`\\`} or b{ns="shop"}'],
  ["vector(1)", "vector(1)"],
])("puts the matchers into %j", (before, after) => {
  expect(enforced(before)).toBe(after);
});

test.each([
  "",
  "up{",
  'up{a="b}',
  'up "',
  "up }{",
  "up\u00a0or down",
  'up{a="\n"}',
  'up{a="\\\n"}',
  "a{x=`",
  "rate(a[5m] anchored)",
  `${"(".repeat(600)}up${")".repeat(600)}`,
  `up # ${"x".repeat(70_000)}`,
])("does not touch %.20j", (text) => {
  expect(enforced(text)).toBe("unclear");
});

test("refuses info(), which reads what no selector names", () => {
  expect(enforced("info(up)")).toBe("info");
  expect(enforced('sum(1 + info(up, {x=~".+"}))')).toBe("info");
});

test("puts in several matchers, of any operator, and quotes their values", () => {
  const all: Matcher[] = [shop, { name: "env", op: "!~", value: 'a"\\.b|\n' }];
  expect(enforced("up", all)).toBe(String.raw`up{ns="shop",env!~"a\"\\.b|\n"}`);
});

test("says what of the text is the user's own", () => {
  const made = enforceMatchers("a + bb", [shop]);
  if (typeof made === "string") throw new Error(made);
  const parts = made.shared.map(({ evaluatedFrom, userFrom, length }) => [
    made.text.slice(evaluatedFrom, evaluatedFrom + length),
    userFrom,
  ]);
  expect(parts).toEqual([
    ["a", 0],
    [" + bb", 1],
    ["", 6],
  ]);
});

test.each(['ns="shop"', "ns=~'a|b'", 'ns != "x"', "ns!~`y`"])("%s is a matcher", (text) => {
  expect(parseMatcher(text)?.name).toBe("ns");
});

test.each([
  "",
  "ns",
  'a="b",c="d"',
  'a="b",',
  'a="b"} or {c="d"',
  '__name__="up"',
  '"a.b"="c"',
  'a="b" # c',
  "a=b",
])("%j is no matcher that can be put in", (text) => {
  expect(parseMatcher(text)).toBeUndefined();
});
