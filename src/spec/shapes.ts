import { z } from "zod";
import { durationPattern, parseDuration } from "../promql/duration.ts";

// The message of each shape is what is expected in its place: "shards is 0; MESSAGE is expected".

export function whole(from: number, to: number): z.ZodInt {
  const error =
    to === Number.MAX_SAFE_INTEGER
      ? `a whole number from ${from} on`
      : `a whole number from ${from} to ${to}`;
  return z.int({ error }).min(from, { error }).max(to, { error });
}

/** A part of a whole. */
export function ratio(): z.ZodNumber {
  const error = "a number from 0 to 1";
  return z.number({ error }).min(0, { error }).max(1, { error });
}

export function yesOrNo(): z.ZodBoolean {
  return z.boolean({ error: "true or false" });
}

/** Text that is not empty. */
export function text(what: string): z.ZodString {
  return z.string({ error: what }).min(1, { error: what });
}

export function matching(pattern: RegExp, what: string): z.ZodString {
  return z.string({ error: what }).regex(pattern, { error: what });
}

/** A duration as Prometheus writes it, longer than nothing. */
export function duration(): z.ZodString {
  const error = 'a duration such as "15s" or "1m30s"';
  return (
    z
      .string({ error })
      .regex(durationPattern, { error, abort: true })
      // said twice, as this is all that a schema has of it
      .regex(/[1-9]/, { error, abort: true })
      .refine((value) => (parseDuration(value) ?? 0) > 0, { error })
  );
}

/** A duration as Prometheus writes it, or none at all. */
export function durationOrNone(): z.ZodString {
  const error = 'a duration such as "15s" or "1m30s", or "0s"';
  return z
    .string({ error })
    .regex(durationPattern, { error, abort: true })
    .refine((value) => parseDuration(value) !== undefined, { error });
}

/** Sections of Prometheus' own, taken as they are. */
export function verbatim(): z.ZodRecord<z.ZodString, z.ZodUnknown> {
  return z.record(z.string(), z.unknown(), { error: "a map" });
}

export function listOf<Item extends z.ZodType>(item: Item): z.ZodArray<Item> {
  return z.array(item, { error: "a list" });
}

/** A map with these keys and no others. */
export function section<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, { error: "a map" });
}

/** A map with these keys, and whatever else Prometheus has there. */
export function openSection<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$loose> {
  return z.looseObject(shape, { error: "a map" });
}

/** Names that work as labels in every version of Prometheus. */
export const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
