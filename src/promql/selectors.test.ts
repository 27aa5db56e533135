import { expect, it } from "vitest";
import { parse } from "./parse.ts";
import { selectors } from "./selectors.ts";

function cut(text: string): string[] {
  const expression = parse(text);
  if (!expression) throw new Error(`not understood: ${text}`);
  return selectors(expression).map((selector) => text.slice(selector.span.from, selector.span.to));
}

it("lists one selector for each Select of the engine, in the order of the text", () => {
  expect(cut("1 + time()")).toEqual([]);
  expect(cut('rate(foo{a="b"}[5m] offset 1h)')).toEqual(['foo{a="b"}']);
  expect(cut("foo / foo")).toEqual(["foo", "foo"]);
  expect(cut("topk(scalar(k), sum(-(rate(a[5m]))) by (x))")).toEqual(["k", "a"]);
  expect(cut("max_over_time((a + b offset 1h)[1h:5m])")).toEqual(["a", "b offset 1h"]);
});
