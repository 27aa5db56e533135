import { expect, test } from "vitest";
import { decodeQuery } from "../protocol/decode-query.ts";
import type { QueryRequest } from "../planner/query-request.ts";
import { markedQuery, tracedQuery } from "./prepared-query.ts";

const limits = { concurrency: 1, queue: 1, timeoutMs: 1000, maxPoints: 11_000, maxQueryBytes: 100_000 };
const request = (query: string): QueryRequest =>
  decodeQuery("instant", [["query", query]], limits, "", 1_700_000_000_000);
const nobody = async () => await Promise.reject(new Error("nobody is to be asked"));

test("a query has so many reads as it has selectors", async () => {
  expect((await tracedQuery(request("a + rate(b[5m])"), nobody)).reads).toBe(2);
  expect((await markedQuery(request("a + rate(b[5m])"), nobody))?.reads).toBe(2);
});

/** So many selectors, in brackets that are as deep as they have to be. */
const wide = (selectors: number): string =>
  selectors === 1 ? "m" : `(${wide(selectors >> 1)} or ${wide(selectors - (selectors >> 1))})`;

test("and may not have too many", async () => {
  const many = "the query has 1001 selectors, and may have 1000";
  await expect(tracedQuery(request(wide(1001)), nobody)).rejects.toThrow(many);
  await expect(markedQuery(request(wide(1001)), nobody)).rejects.toThrow(many);
  expect((await tracedQuery(request(wide(1000)), nobody)).reads).toBe(1000);
});

test("nor operators, nor brackets in each other", () => {
  expect(() => request(`m${"+m".repeat(1001)}`)).toThrow("a query has 1001 operators");
  expect(() => request(`${"(".repeat(1001)}m${")".repeat(1001)}`)).toThrow("a query has 1001 brackets");
});
