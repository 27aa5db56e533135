import { z } from "zod";

/**
 * Bytes of a server's answer of which every character is looked at. Of longer ones only the structure is: packed they have a checksum,
 * and to read all of them would take longer than everything else that is done with them.
 */
export const lookedThrough = 64 * 1024;

/** Types of the result of the query APIs, by kind. */
const resultTypes = { range: ["matrix"], instant: ["vector", "matrix", "scalar", "string"] } as const;

const answer = z.object({
  status: z.literal("success"),
  data: z.object({ resultType: z.string(), result: z.array(z.unknown()) }),
});

/** Within a text the quotes would be escaped. */
const secondData = /"data":\{[^]*[^\\]"data":\{/;

/** @param text an answer of a query API with status 200 @throws SyntaxError where it is none */
export function checkQueryAnswer(text: string, kind: "instant" | "range"): void {
  const { success, data: parsed } = answer.safeParse(JSON.parse(text));
  if (!success) throw new SyntaxError("it is not an answer that Prometheus gives");
  // of a name that is there twice the last counts here, and elsewhere the first may
  if (secondData.test(text)) throw new SyntaxError("its data are there twice");
  const { resultType, result } = parsed.data;
  const types: readonly string[] = resultTypes[kind];
  if (!types.includes(resultType))
    throw new SyntaxError(`a result of the type ${resultType} was not asked for`);
  if (resultType === "vector" || resultType === "matrix") for (const element of result) checkElement(element);
  else checkPoint(result, (value) => resultType === "string" || isValue(value));
}

/** @param text an error @throws SyntaxError where it is none of Prometheus' */
export function checkErrorAnswer(text: string): void {
  const said: unknown = JSON.parse(text);
  if (!isObject(said) || said["status"] !== "error")
    throw new SyntaxError("it is not an error that Prometheus gives");
}

/** An element of a vector or a matrix. @throws SyntaxError */
export function checkElement(element: unknown): void {
  if (!isObject(element) || !isObject(element["metric"])) throw new SyntaxError("an element has no labels");
  for (const value of Object.values(element["metric"]))
    if (typeof value !== "string") throw new SyntaxError("a label of an element is no text");
  const { value, values, histogram, histograms } = element;
  if (value === undefined && values === undefined && histogram === undefined && histograms === undefined)
    throw new SyntaxError("an element of an answer has no samples");
  if (value !== undefined) checkPoint(value, isValue);
  if (histogram !== undefined) checkPoint(histogram, isObject);
  for (const point of listOf(values)) checkPoint(point, isValue);
  for (const point of listOf(histograms)) checkPoint(point, isObject);
}

function listOf(values: unknown): readonly unknown[] {
  if (values === undefined) return [];
  if (!Array.isArray(values)) throw new SyntaxError("the samples of an element are no list");
  return values;
}

/** A time in s, and what there is at it. */
function checkPoint(point: unknown, isRight: (value: unknown) => boolean): void {
  const isPair = Array.isArray(point) && point.length === 2;
  if (!isPair || typeof point[0] !== "number" || !Number.isFinite(point[0]) || !isRight(point[1]))
    throw new SyntaxError("an element of an answer has a sample that is none");
}

const written = /^(?:NaN|[+-]?Inf|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;
const isValue = (value: unknown): boolean => typeof value === "string" && written.test(value);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
