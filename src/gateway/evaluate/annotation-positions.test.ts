import { expect, test } from "vitest";
import { insertMatcher } from "../../promql/insert-matcher.ts";
import { parse } from "../../promql/parse.ts";
import { sharedPositions, userPositions } from "./annotation-positions.ts";

const marker = '__promfleet_q__!="0123456789abcdef0123456789abcdef"';

test.each([
  "rate(a[5m]) + rate(b{}[5m]) + rate(c{x='1'}[5m]) + rate({y='2'}[5m]) + d",
  "rate(a{x='ü'}[5m])\n  + rate(b[5m])\n\n+\n c # a comment\n + d{ }",
  '{"a"} + {"b",x="1"} + {x="2",}',
])("each place in the evaluated text is the user's place: %s", (text) => {
  const expression = parse(text);
  if (!expression) throw new Error("not parsed");
  const evaluated = insertMatcher(text, expression, marker);
  const map = userPositions(text, evaluated, marker);
  // every letter outside of what was inserted stands in both texts, in the same order
  const inserted = new RegExp(`\\{${marker}\\}|${marker},?`, "g");
  const blanked = evaluated.replaceAll(inserted, (found) => "\u0001".repeat(found.length));
  const braces = blanked.length - text.length;
  expect(braces).toBeGreaterThan(0);
  expect(places(blanked).map((place) => map(`PromQL info: it (${place})`))).toEqual(
    places(text).map((place) => `PromQL info: it (${place})`),
  );
});

test("an annotation without a position stays as it is", () => {
  expect(userPositions("a", `a{${marker}}`, marker)("PromQL info: f(1:2) of it")).toBe(
    "PromQL info: f(1:2) of it",
  );
});

test("of a text that shares pieces with the user's, places in these are the user's", () => {
  const user = "ü +\n a / b";
  const evaluated = "(b, a /\n b, ü +)";
  const shared = [
    { evaluatedFrom: 4, userFrom: 5, length: 3 },
    { evaluatedFrom: 9, userFrom: 9, length: 1 },
    { evaluatedFrom: 12, userFrom: 0, length: 3 },
  ];
  const map = sharedPositions(user, evaluated, shared);
  expect(map("PromQL info: a (1:5)")).toBe("PromQL info: a (2:2)");
  expect(map("PromQL info: / (1:7)")).toBe("PromQL info: / (2:4)");
  expect(map("PromQL info: b (2:2)")).toBe("PromQL info: b (2:6)");
  expect(map("PromQL info: ü (2:5)")).toBe("PromQL info: ü (1:1)");
  expect(map("PromQL info: + (2:8)")).toBe("PromQL info: + (1:4)");
  for (const place of ["1:1", "1:2", "1:4", "2:1", "2:3", "2:9"])
    expect(map(`PromQL info: it (${place})`)).toBe("PromQL info: it");
  expect(map("PromQL info: f(1:5) of it")).toBe("PromQL info: f(1:5) of it");
});

/** Of all letters that the texts use. */
function places(source: string): string[] {
  return [...source.matchAll(/[a-dy]/g)].map(({ index }) => placeOf(Buffer.from(source.slice(0, index))));
}

/** Line, and byte in the line, of what comes after these bytes. */
function placeOf(before: Buffer): string {
  return `${before.toString().split("\n").length}:${before.length - before.lastIndexOf(0x0a)}`;
}
