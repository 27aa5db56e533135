import { expect, test } from "vitest";
import { samplerOf } from "./sampler.ts";
import { newTraceId } from "./trace-context.ts";

const parent = (isSampled: boolean) => ({ traceId: newTraceId(), spanId: "1", isSampled, state: undefined });

test("a ratio keeps so many of the traces, and always the same", () => {
  const sampler = samplerOf("traceidratio", 0.25);
  const ids = Array.from({ length: 20_000 }, newTraceId);
  const kept = ids.filter((id) => sampler?.(id, undefined));
  expect(kept.length / ids.length).toBeCloseTo(0.25, 1);
  expect(ids.filter((id) => sampler?.(id, undefined))).toEqual(kept);
  const fewer = samplerOf("traceidratio", 0.1);
  expect(kept).toEqual(expect.arrayContaining(ids.filter((id) => fewer?.(id, undefined))));
});

test("0 keeps none, 1 keeps all", () => {
  for (let each = 0; each < 1000; each++) {
    expect(samplerOf("traceidratio", 0)?.(newTraceId(), undefined)).toBe(false);
    expect(samplerOf("traceidratio", 1)?.(newTraceId(), undefined)).toBe(true);
  }
});

test("what is based on the parent does as the parent", () => {
  expect(samplerOf("parentbased_always_off", 1)?.(newTraceId(), parent(true))).toBe(true);
  expect(samplerOf("parentbased_always_on", 1)?.(newTraceId(), parent(false))).toBe(false);
  expect(samplerOf("parentbased_always_off", 1)?.(newTraceId(), undefined)).toBe(false);
  expect(samplerOf("always_off", 1)?.(newTraceId(), parent(true))).toBe(false);
});

test("others are not known", () => {
  expect(samplerOf("jaeger_remote", 1)).toBeUndefined();
});
