import { expect, test } from "vitest";
import type { GatewayLimits } from "../../spec/fleet-spec.ts";
import { decodeQuery } from "./decode-query.ts";
import type { Params } from "./form.ts";

const limits: GatewayLimits = {
  concurrency: 1,
  queue: 1,
  maxPoints: 100,
  maxQueryBytes: 100,
  timeoutMs: 60_000,
};
const now = 1_700_000_000_123;
const instant = (...params: Params) => decodeQuery("instant", params, limits, "gzip", now);
const range = (...params: Params) => decodeQuery("range", params, limits, "", now);

const timeoutOf = (timeout: string) => {
  const { timeoutMs, params } = instant(["query", "up"], ["timeout", timeout]);
  return [timeoutMs, new Map(params).get("timeout")];
};
const points = (end: string) => range(["query", "up"], ["start", "0"], ["end", end], ["step", "1"]);

test("an instant query without a time is of the moment that it arrived", () => {
  expect(Object.fromEntries(instant(["query", "up"]).params)).toEqual({
    query: "up",
    time: "1700000000.123",
    timeout: "60",
  });
  expect(Object.fromEntries(instant(["query", "up"], ["time", ""]).params)).toMatchObject({
    time: "1700000000.123",
  });
  expect(Object.fromEntries(instant(["query", "up"], ["time", "4"]).params)).toMatchObject({ time: "4" });
});

test("a timeout can only be shortened, and goes on as Prometheus reads it", () => {
  expect(timeoutOf("2m")).toEqual([60_000, "60"]);
  expect(timeoutOf("5")).toEqual([5000, "5"]);
  expect(timeoutOf("0.0105")).toEqual([10.5, "0.0105"]);
});

test("what is sent on has each parameter once, with the value that counts, unknown ones too", () => {
  const { params, query, acceptEncoding } = instant(
    ["query", "a"],
    ["new", "x"],
    ["query", "b"],
    ["time", "1"],
  );
  expect(query).toBe("a");
  expect(acceptEncoding).toBe("gzip");
  expect(params.filter(([name]) => name === "query")).toEqual([["query", "a"]]);
  expect(new Map(params).get("new")).toBe("x");
});

test("a range may have as many points as the limit says, counted as Prometheus counts", () => {
  expect(points("100.9").kind).toBe("range");
  expect(() => points("101")).toThrow("exceeded maximum resolution of 100 points");
});

test("promfleet's own names, and queries that are too long, are refused", () => {
  expect(() => instant(["query", 'up{__promfleet_q__!="1"}'])).toThrow("RESERVED_NAME");
  expect(() => instant(["query", "é".repeat(51)])).toThrow("REQUEST_TOO_LARGE");
});
