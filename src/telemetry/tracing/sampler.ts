import type { TraceContext } from "./trace-context.ts";

/** Whether the spans of a trace are kept. */
export type Sampler = (traceId: string, parent: TraceContext | undefined) => boolean;

/** Hexadecimal digits at the end of a trace id that are random in any case. */
const randomDigits = 14;

/**
 * A sampler by the name that the specification of OpenTelemetry has for it (OTEL_TRACES_SAMPLER).
 * @param ratio from 0 to 1, for those that have one
 * @returns undefined where there is no such one
 */
export function samplerOf(name: string, ratio: number): Sampler | undefined {
  const own = name.replace(/^parentbased_/, "");
  const root = rootSampler(own, ratio);
  if (!root || own === name) return root;
  return (traceId, parent) => parent?.isSampled ?? root(traceId, undefined);
}

function rootSampler(name: string, ratio: number): Sampler | undefined {
  if (name === "always_on") return () => true;
  if (name === "always_off") return () => false;
  if (name !== "traceidratio") return undefined;
  // everybody who samples by the same ratio keeps the same traces
  const least = (1 - ratio) * 16 ** randomDigits;
  return (traceId) => Number.parseInt(traceId.slice(-randomDigits), 16) >= least;
}
