import { z } from "zod";
import type { Answer } from "../planner/query-request.ts";
import type { Annotations } from "../protocol/annotations.ts";

/** One shard's answer, parsed. */
export interface Part<T> {
  data: T;
  annotations: Annotations;
}

const messages = z.array(z.string()).nullish();
const annotationsShape = z.object({ status: z.literal("success"), warnings: messages, infos: messages });

/**
 * A reader of whole answers. What it was told nothing of stays as it is, in its place. It throws a SyntaxError or ZodError for
 * what is no answer.
 * @param data checks and changes nothing
 */
export function partOf<T>(data: z.ZodType<T>): (body: Buffer) => Part<T> {
  const shape = z.object({ data });
  return (body) => {
    const answer = JSON.parse(body.toString()) as { data: T };
    shape.parse(answer);
    return { data: answer.data, annotations: annotationsOf(answer) };
  };
}

/** @param answer an answer, with its data or without */
export function annotationsOf(answer: unknown): Annotations {
  const { warnings, infos } = annotationsShape.parse(answer);
  return { warnings: warnings ?? [], infos: infos ?? [] };
}

/** What the shards said, each once, then what the gateway has to say. */
export function unitedAnnotations(
  parts: readonly Part<unknown>[],
  ...warnings: readonly string[]
): Annotations {
  return {
    warnings: unique([...parts.flatMap((part) => part.annotations.warnings), ...warnings]),
    infos: unique(parts.flatMap((part) => part.annotations.infos)),
  };
}

/** The answer in the shape that Prometheus gives it. @param data left out where undefined */
export function successAnswer(data: unknown, annotations: Annotations): Answer {
  const text = JSON.stringify({ status: "success", data, ...shownAnnotations(annotations) });
  return { status: 200, headers: jsonHeaders, body: Buffer.from(text) };
}

/** As members of an answer: Prometheus leaves empty ones out. */
export function shownAnnotations({ warnings, infos }: Annotations): Partial<Annotations> {
  return { ...(warnings.length > 0 && { warnings }), ...(infos.length > 0 && { infos }) };
}

export const jsonHeaders = { "content-type": "application/json" } as const;

function unique(messages: readonly string[]): string[] {
  return [...new Set(messages)];
}
