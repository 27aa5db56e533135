import { expect, test } from "vitest";
import { parse } from "../../promql/parse.ts";
import { sharedPositions } from "../evaluate/annotation-positions.ts";
import { distributionOf } from "../planner/distribution.ts";
import { fleetLocality } from "../planner/fleet-locality.ts";
import { type SentText, sentText } from "./sent-text.ts";

const locality = fleetLocality({ onEveryShard: [], spreadByInstance: undefined });

function sentFor(query: string): SentText | undefined {
  const expression = parse(query);
  if (!expression) throw new Error(`not understood: ${query}`);
  const found = distributionOf(expression, locality);
  if ("whyNot" in found) throw new Error(found.whyNot);
  return sentText(query, found.distribution);
}

const sumAndCount = (averaged: string): string =>
  ["sum", "count"]
    .map((op) => `label_replace(${op}${averaged}, "__promfleet_part__", "${op}", "", "")`)
    .join(" or ");

test.each([
  ["avg(x)", "(x)"],
  ["AVG (x)", " (x)"],
  ["avg by (a) (x)", " by (a) (x)"],
  ["avg(x) by (a)", "(x) by (a)"],
  ["avg without(a)(rate(x[5m]))", " without(a)(rate(x[5m]))"],
  [" ( avg(x > 5) ) ", "(x > 5)"],
  ["# averages )\navg # of\n by (a) # each\n (\n  x # (\n) # end", " # of\n by (a) # each\n (\n  x # (\n)"],
])("for %j shards are asked for sums and counts", (query, averaged) => {
  const { text } = sentFor(query) ?? {};
  expect(text).toBe(sumAndCount(averaged));
  expect(parse(text ?? "")).toBeDefined();
});

test.each([
  ["topk(9, x)", "topk(10, x)"],
  ["bottomk by (a) ( 1 ,rate(x[5m]))", "bottomk by (a) ( 2 ,rate(x[5m]))"],
  ["(TOPK(99, x) without (b)) # topk(99, x)", "(TOPK(100, x) without (b)) # topk(99, x)"],
  ["topk # 9\n(\n9,\nx)", "topk # 9\n(\n10,\nx)"],
  ["topk(10000, x)", "topk(10001, x)"],
])("for %j shards are asked for one more", (query, text) => {
  expect(sentFor(query)?.text).toBe(text);
});

test.each(["up", "sum(x)", "min by (a) (x)", "count_values('v', x)", "quantile by (instance) (0.9, x)"])(
  "%s is asked as it is",
  (query) => {
    expect(sentFor(query)).toBeUndefined();
  },
);

test.each([
  "avg(rate(P[5m])) by (Q)",
  "avg by (Q) (rate(P[5m]))",
  "(\n avg # ü\n by (Q) (\n\n rate(P{'ü'='ü', R='1'}[5m])))\n",
  "topk(9, rate(P[5m])) by (Q)",
  "topk by (Q) (9, rate(P{'ü'='ü', R='1'}[5m]))",
  "(\n topk # ü\n by (Q) ( 99\n , \n\n rate(P{'ü'='ü'}[5m])))",
])("annotations are of the places in the user's text: %j", (query) => {
  const sent = sentFor(query);
  if (!sent) throw new Error("asked as it is");
  const moved = sharedPositions(query, sent.text, sent.shared);
  const letters = /[PQR]/g;
  const places = new Set(
    [...query.matchAll(letters)].map((found) => `${found[0]} (${placeOf(query, found)})`),
  );
  expect(places.size).toBeGreaterThan(1);
  const got = [...sent.text.matchAll(letters)].map((found) =>
    moved(`${found[0]} (${placeOf(sent.text, found)})`),
  );
  expect(new Set(got)).toEqual(places);
});

test("what is said of what the user has not written is of no place", () => {
  const query = "avg(x)";
  const sent = sentFor(query);
  const moved = sharedPositions(query, sent?.text ?? "", sent?.shared ?? []);
  const place = (word: string) => `(1:${(sent?.text.indexOf(word) ?? 0) + 1})`;
  expect(moved(`PromQL info: of it ${place("label_replace")}`)).toBe("PromQL info: of it");
  expect(moved(`PromQL info: of it ${place("or label_replace")}`)).toBe("PromQL info: of it");
  expect(moved(`PromQL info: of it ${place("x")}`)).toBe("PromQL info: of it (1:5)");
});

/** Line, and byte in the line. */
function placeOf(text: string, { index }: { index: number }): string {
  const before = Buffer.from(text.slice(0, index));
  return `${before.toString().split("\n").length}:${before.length - before.lastIndexOf(0x0a)}`;
}
