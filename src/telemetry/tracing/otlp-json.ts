import type { Attribute, EndedSpan, SpanKind } from "./span.ts";

const kinds: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3 };
const statusError = 2;
/** Bits of a span's flags: sampled; whether the parent is of another program is known. */
const flags = { sampled: 0x01, hasIsRemote: 0x1_00 };
/** Characters of a text. */
const longest = 4096;

/**
 * Spans as a request of OTLP in JSON: ids in hexadecimal, 64-bit numbers as text.
 * @param resource attributes of whoever sends
 */
export function otlpJson(
  spans: readonly EndedSpan[],
  resource: Readonly<Record<string, string>>,
  version: string,
): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: attributesOf(Object.entries(resource)) },
        scopeSpans: [{ scope: { name: "promfleet", version }, spans: spans.map(spanOf) }],
      },
    ],
  });
}

function spanOf({ context, parentId, name, kind, began, ended, attributes, links, error }: EndedSpan) {
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    ...(context.state !== undefined && { traceState: context.state }),
    ...(parentId !== undefined && { parentSpanId: parentId }),
    flags: flags.sampled | flags.hasIsRemote,
    name,
    kind: kinds[kind],
    startTimeUnixNano: nanoseconds(began),
    endTimeUnixNano: nanoseconds(ended),
    ...(attributes.size > 0 && { attributes: attributesOf(attributes) }),
    ...(links.length > 0 && { links }),
    ...(error !== undefined && { status: { code: statusError, message: error.slice(0, longest) } }),
  };
}

/** Of ms; their parts are good to a microsecond. */
const nanoseconds = (ms: number): string => `${Math.round(ms * 1000)}000`;

function attributesOf(attributes: Iterable<readonly [string, Attribute]>) {
  return Array.from(attributes, ([key, value]) => ({ key, value: valueOf(value) }));
}

function valueOf(value: Attribute) {
  if (typeof value === "string") return { stringValue: value.slice(0, longest) };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number")
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map((one) => ({ stringValue: one })) } };
}
