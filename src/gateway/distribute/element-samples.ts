import { NotDistributed } from "./not-distributed.ts";
import type { ResultElement } from "./result-elements.ts";

/** Samples of an element: times in ms since 1970, ascending, and values. */
export interface Samples {
  times: number[];
  values: number[];
}

/** What comes after the labels of an element. */
interface Values {
  value?: unknown;
  values?: unknown;
  histogram?: unknown;
  histograms?: unknown;
}

/** @throws NotDistributed where there are native histograms among them; what the element has for it, or SyntaxError, where it is none */
export function samplesOf(element: ResultElement): Samples {
  try {
    return readSamples(element);
  } catch (error) {
    if (error instanceof SyntaxError && element.blame) throw element.blame(error.message);
    throw error;
  }
}

function readSamples({ text, metric }: ResultElement): Samples {
  const rest = text.toString("latin1", '{"metric":'.length + metric.length + 1);
  const { value, values, histogram, histograms } = JSON.parse(`{${rest}`) as Values;
  if (histogram !== undefined || histograms !== undefined)
    throw new NotDistributed("native histograms are among the samples", "histograms");
  const points = value === undefined ? values : [value];
  if (!Array.isArray(points)) throw new SyntaxError("an element of an answer has no samples");
  const samples: Samples = { times: [], values: [] };
  for (const point of points as readonly unknown[]) {
    const [seconds, written] = Array.isArray(point) ? (point as readonly unknown[]) : [];
    if (typeof seconds !== "number" || typeof written !== "string")
      throw new SyntaxError("an element of an answer has a sample that is none");
    samples.times.push(Math.round(seconds * 1000));
    samples.values.push(parseValue(written));
  }
  return samples;
}

/** Of a sample, as Prometheus writes it. @throws SyntaxError */
export function parseValue(text: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  const value = Number(text);
  if (Number.isNaN(value) && text !== "NaN") throw new SyntaxError(`${text} is no value of a sample`);
  return value;
}

/** As Prometheus writes it: its thresholds for exponents are those of JavaScript, but an exponent has two digits at least. */
export function printValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  if (Object.is(value, -0)) return "-0";
  return String(value).replace(/e([+-])(\d)$/, "e$10$2");
}

/** Seconds, and three digits where there are parts of one. */
export function printTime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const rest = ms - seconds * 1000;
  if (rest === 0) return String(seconds);
  return ms < 0 ? String(ms / 1000) : `${seconds}.${String(rest).padStart(3, "0")}`;
}

/** @param metric as in ResultElement */
export function printElement(metric: string, { times, values }: Samples, type: "vector" | "matrix"): Buffer {
  const points = times.map((time, index) => `[${printTime(time)},"${printValue(values[index] ?? 0)}"]`);
  const member = type === "vector" ? `"value":${points[0]}` : `"values":[${points.join(",")}]`;
  return Buffer.from(`{"metric":${metric},${member}}`, "latin1");
}
