import { randomBytes } from "node:crypto";

/** Where in which trace something happens, as W3C Trace Context carries it from program to program. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 hexadecimal digits, of the span that others hang on. */
  spanId: string;
  /** Whether its spans are kept. */
  isSampled: boolean;
  /** The header tracestate, passed on as it came; undefined where there is none. */
  state: string | undefined;
}

const pattern = /^(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** Characters of a tracestate that are passed on: the least that everybody has to. */
const longestState = 512;

/**
 * The headers traceparent and tracestate of a request. One of a later version is read as far as this one goes.
 * @returns undefined where there is none, or it is not right
 */
export function traceContextOf(
  traceparent: string | string[] | undefined,
  tracestate?: string | string[],
): TraceContext | undefined {
  if (typeof traceparent !== "string") return undefined;
  const [, version, traceId, spanId, flags = "", more] = pattern.exec(traceparent.trim()) ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  // the first version ends with its flags
  if (version === "00" && more !== undefined) return undefined;
  const state = Array.isArray(tracestate) ? tracestate.join(",") : tracestate;
  const isShort = state !== undefined && state !== "" && state.length <= longestState;
  return {
    traceId,
    spanId,
    isSampled: (Number.parseInt(flags, 16) & 1) === 1,
    state: isShort ? state : undefined,
  };
}

/** As headers of a request. */
export function traceHeaders({ traceId, spanId, isSampled, state }: TraceContext): Record<string, string> {
  const traceparent = `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;
  return state === undefined ? { traceparent } : { traceparent, tracestate: state };
}

export const newTraceId = (): string => randomBytes(16).toString("hex");
export const newSpanId = (): string => randomBytes(8).toString("hex");
