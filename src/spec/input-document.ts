import type { Complaint, Position } from "../errors/promfleet-error.ts";

/** A YAML (or JSON) text that was read, and where everything in it stands. */
export interface InputDocument {
  file: string;
  /** Maps are plain objects, read as YAML 1.1 as Prometheus and kubectl do. */
  value: unknown;
  /** What is wrong with it apart from its syntax: keys that stand twice, unknown tags, … */
  complaints: readonly Complaint[];
  /** Where a value begins; of a block, where its key stands. undefined where there is no such value. */
  positionOf: (path: ValuePath) => Position | undefined;
  /** Where the key of a value stands; of a list's item, the item. */
  keyPositionOf: (path: ValuePath) => Position | undefined;
  /** A scalar as it was written, without quotes; undefined where it was quoted, or is no scalar. */
  plainSourceOf: (path: ValuePath) => string | undefined;
}

/** The way to a value from the root: keys and indexes. */
export type ValuePath = readonly (string | number)[];
