import type { Answer } from "../planner/query-request.ts";
import type { Replica } from "../router/router.ts";

export type Params = readonly (readonly [string, string])[];

/** How the answer of one API comes out of those of the shards. */
export interface Combiner<T> {
  /** POST where Prometheus takes it, since selectors can be longer than a URL may be. */
  method: "GET" | "POST";
  /** It is about the samples of a time, so that replicas that each lack some of them are asked together. */
  ofTimes?: boolean;
  /** Also with a single shard, whose bytes otherwise go out as they are. */
  evenOfOne?: boolean;
  /** What the shards are asked with, where that is not what the client sent. */
  ask?(params: Params): Params;
  /** One shard's answer; what is returned is all that is kept of it. Throws a SyntaxError or ZodError where it is none. */
  parse(body: Buffer, from: Replica): T;
  /** @param parts in the order of the shards, at least one */
  merge(parts: readonly T[], params: Params, onEveryShard: ReadonlySet<string>): Answer;
}

/** The value that Prometheus takes where a parameter is there more than once: the first; "" where it is not there. */
export function firstParam(params: Params, name: string): string {
  return params.find(([other]) => other === name)?.[1] ?? "";
}

export function allParams(params: Params, name: string): string[] {
  return params.filter(([other]) => other === name).map(([, value]) => value);
}

export function withoutParams(params: Params, ...names: readonly string[]): Params {
  return params.filter(([name]) => !names.includes(name));
}

/** A whole number as Go's strconv.Atoi takes it. @returns undefined where it is none, or left out */
export function integerParam(params: Params, name: string): number | undefined {
  const value = firstParam(params, name);
  return /^[+-]?\d+$/.test(value) ? Number(value) : undefined;
}
