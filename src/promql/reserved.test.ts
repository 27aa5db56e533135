import { expect, it } from "vitest";
import { usesReservedName } from "./reserved.ts";

it.each([
  "__promfleet_part__",
  'foo{__promfleet_q__!="1"}',
  'foo{"__promfleet_q__"="1"}',
  'foo{"\\x5f_promfleet_q__"="1"}',
  "foo{'\\137_promfleet_q__'=\"1\"}",
  '{"__promfleet_x"}',
  "{`__promfleet_x`}",
  '{__name__="__promfleet_x"}',
  '{"__name__" = # really\n "__promfleet_x"}',
  '{__name__=~"__promfleet_.*"}',
  "sum by (__promfleet_part__) (foo)",
  "a * on (x) group_left (__promfleet_y) b",
  'label_replace(foo, "__promfleet_x", "$1", "a", "b")',
  'count_values("__promfleet_x", foo)',
  'foo{a="b"} + (__promfleet_x',
  'foo{a="unclosed} + __promfleet_x',
])("finds the reserved name in %s", (text) => {
  expect(usesReservedName(text)).toBe(true);
});

it.each([
  "up",
  'foo{path="__promfleet_x"}',
  'foo{path!~"__promfleet_x"}',
  "foo # __promfleet_x",
  "my__promfleet_x",
  'foo{a="\\"", b="__promfleet_x"}',
  'foo{a="it\'s __promfleet_"}',
  "",
])("leaves %s alone", (text) => {
  expect(usesReservedName(text)).toBe(false);
});

it("is linear in the text's length", () => {
  const began = performance.now();
  usesReservedName('"'.repeat(300_001));
  usesReservedName(`${"\\".repeat(300_000)}"`);
  usesReservedName(`foo{a="${"\\\\".repeat(150_000)}`);
  expect(performance.now() - began).toBeLessThan(2000);
});
