import { z } from "zod";

const beginning = ',"warnings":[';
const infosBeginning = ',"infos":[';
const ending = z.object({ warnings: z.array(z.string()).optional(), infos: z.array(z.string()).optional() });

/** What follows the data in an answer of the query API. */
export interface Annotations {
  warnings?: string[] | undefined;
  infos?: string[] | undefined;
}

/**
 * Where the annotations begin in an answer, or a negative number. In a JSON text these characters stand nowhere else: within a
 * string the quotes would be escaped, and no other member of that name holds an array.
 */
export function annotationsAt(json: Buffer): number {
  const warnings = json.indexOf(beginning);
  return warnings >= 0 ? warnings : json.indexOf(infosBeginning);
}

/** Bytes at the end of a piece of an answer that may be the beginning of annotations. */
export const annotationsOverlap = beginning.length;

/** @param tail from `annotationsAt` to the end of the answer; throws if it is no JSON */
export function parseAnnotations(tail: Buffer): Annotations {
  return ending.parse(JSON.parse(`{${tail.subarray(1).toString()}`));
}

/** The end of an answer with these annotations. */
export function formatAnnotations(annotations: Annotations): Buffer {
  const members = JSON.stringify(annotations).slice(1);
  return Buffer.from(members === "}" ? "}" : `,${members}`);
}

const aboutTheExpression = /^PromQL (?:warning|info): |^\d+ more (?:warning|info) annotations omitted$/;

/** What `limit=` cut off, and a value of `stats=` that will not be taken for ever. */
const aboutTheParameters =
  /^results truncated due to limit$|^value "[^]*" for parameter "stats" is deprecated /;

/** The first warning that is not about the request, but about data that could not be read. */
export function storageWarning(annotations: Annotations): string | undefined {
  return annotations.warnings?.find(
    (warning) => !aboutTheExpression.test(warning) && !aboutTheParameters.test(warning),
  );
}
