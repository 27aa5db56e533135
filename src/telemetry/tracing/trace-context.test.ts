import { expect, test } from "vitest";
import { traceContextOf, traceHeaders } from "./trace-context.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

test("a context is read and written as it came", () => {
  const context = traceContextOf(`00-${traceId}-${spanId}-01`, "a=1,b=2");
  expect(context).toEqual({ traceId, spanId, isSampled: true, state: "a=1,b=2" });
  expect(context && traceHeaders(context)).toEqual({
    traceparent: `00-${traceId}-${spanId}-01`,
    tracestate: "a=1,b=2",
  });
});

test("of flags only the first is known", () => {
  expect(traceContextOf(`00-${traceId}-${spanId}-fe`)?.isSampled).toBe(false);
  expect(traceContextOf(`00-${traceId}-${spanId}-03`)?.isSampled).toBe(true);
});

test("a later version is read as far as it is known", () => {
  expect(traceContextOf(`01-${traceId}-${spanId}-01-more`)?.traceId).toBe(traceId);
});

test.each([
  undefined,
  "",
  ["a", "b"],
  `00-${traceId}-${spanId}`,
  `00-${traceId}-${spanId}-01-more`,
  `00-${"0".repeat(32)}-${spanId}-01`,
  `00-${traceId}-${"0".repeat(16)}-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `ff-${traceId}-${spanId}-01`,
  `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`,
])("what is not right is no context: %s", (header) => {
  expect(traceContextOf(header)).toBeUndefined();
});

test("a tracestate that is too long is left out", () => {
  expect(traceContextOf(`00-${traceId}-${spanId}-01`, "a=".padEnd(600, "x"))?.state).toBeUndefined();
});
