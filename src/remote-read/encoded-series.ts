import type { ExternalLabels } from "./external-labels.ts";
import { LabelKeyBuilder } from "./label-key.ts";
import { MalformedData } from "./malformed-data.ts";
import { ProtoReader } from "./proto-reader.ts";

/** Bytes of a chunk that tell how many samples it has. */
const leastChunk = 2;

/**
 * One series as it came over the wire: ChunkedSeries or TimeSeries, which both have their labels in field 1. Only the labels
 * were looked at.
 */
export interface EncodedSeries {
  /** Sorts like the labels, external ones taken off (label-key.ts). */
  key: string;
  /** The encoded label fields, external ones included. Equal bytes: the same series. */
  sentLabels: Buffer;
  /** The encoded label fields that are passed on. */
  labels: Buffer;
  /** The encoded chunks or samples and histograms: whatever follows the labels, verbatim. */
  content: Buffer[];
  /** The whole frame with length and checksum, where it may be passed on as it is. */
  frame: Buffer | undefined;
}

/** A series and a part of it that comes later. */
export function continued(series: EncodedSeries, later: EncodedSeries): EncodedSeries {
  return { ...series, content: [...series.content, ...later.content], frame: undefined };
}

/** Reads encoded series, taking external labels off. */
export class SeriesDecoder {
  readonly #external: ExternalLabels | undefined;
  readonly #ofChunks: boolean;
  readonly #key = new LabelKeyBuilder();

  /** @param ofChunks whether their content is chunks: then these are looked into, too */
  constructor(external: ExternalLabels | undefined, ofChunks = false) {
    this.#external = external;
    this.#ofChunks = ofChunks;
  }

  /**
   * @param from where the message of the series begins in the buffer
   * @throws MalformedData
   */
  decode(buffer: Buffer, from: number, to: number): EncodedSeries {
    const reader = new ProtoReader(buffer, from, to);
    const label = new LabelReader(buffer);
    const external = this.#external;
    this.#key.reset();
    let labelsEnd = from;
    let keptFrom = from;
    let kept: Buffer[] | undefined;
    while (labelsEnd < to) {
      reader.next();
      if (reader.field !== 1) break;
      reader.bytes();
      label.read(reader.from, reader.to);
      if (external?.has(buffer, label)) {
        kept ??= [];
        if (keptFrom < labelsEnd) kept.push(buffer.subarray(keptFrom, labelsEnd));
        keptFrom = reader.position;
      } else {
        this.#key.add(buffer, label.nameFrom, label.nameTo);
        this.#key.add(buffer, label.valueFrom, label.valueTo);
      }
      labelsEnd = reader.position;
    }
    checkContent(buffer, labelsEnd, to, this.#ofChunks);
    const sentLabels = buffer.subarray(from, labelsEnd);
    if (kept && keptFrom < labelsEnd) kept.push(buffer.subarray(keptFrom, labelsEnd));
    return {
      key: this.#key.finish(),
      sentLabels,
      labels: kept ? Buffer.concat(kept) : sentLabels,
      content: [buffer.subarray(labelsEnd, to)],
      frame: undefined,
    };
  }
}

/** The places of a label's name and value. Reused from label to label; holds the names to their order. */
export class LabelReader {
  readonly #buffer: Buffer;
  nameFrom = 0;
  nameTo = 0;
  valueFrom = 0;
  valueTo = 0;
  #first = true;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  read(from: number, to: number): void {
    const lastFrom = this.nameFrom;
    const lastTo = this.nameTo;
    this.nameFrom = this.nameTo = this.valueFrom = this.valueTo = from;
    const reader = new ProtoReader(this.#buffer, from, to);
    while (reader.next()) {
      if (reader.field === 1) {
        reader.bytes();
        this.nameFrom = reader.from;
        this.nameTo = reader.to;
      } else if (reader.field === 2) {
        reader.bytes();
        this.valueFrom = reader.from;
        this.valueTo = reader.to;
      } else reader.skip();
    }
    if (!this.#first && !this.#nameAfter(lastFrom, lastTo)) {
      throw new MalformedData("the labels of a series are not sorted by name");
    }
    this.#first = false;
  }

  #nameAfter(lastFrom: number, lastTo: number): boolean {
    const shorter = Math.min(lastTo - lastFrom, this.nameTo - this.nameFrom);
    for (let index = 0; index < shorter; index++) {
      const difference = (this.#buffer[this.nameFrom + index] ?? 0) - (this.#buffer[lastFrom + index] ?? 0);
      if (difference !== 0) return difference > 0;
    }
    return this.nameTo - this.nameFrom > lastTo - lastFrom;
  }
}

/** Chunks, samples and histograms are not decoded, but their bounds are those of whole fields; those of chunks' own, too. */
function checkContent(buffer: Buffer, from: number, to: number, ofChunks: boolean): void {
  const reader = new ProtoReader(buffer, from, to);
  while (reader.next()) {
    if (reader.field === 1) throw new MalformedData("the labels of a series do not stand together");
    if (ofChunks && reader.field === 2) checkChunk(reader.message());
    else reader.skip();
  }
}

/** An evaluator that can not read one takes it for the query's mistake. */
function checkChunk(chunk: ProtoReader): void {
  let bytes = 0;
  while (chunk.next()) {
    if (chunk.field === 4) {
      chunk.bytes();
      bytes = chunk.to - chunk.from;
    } else chunk.skip();
  }
  if (bytes < leastChunk) throw new MalformedData("a chunk of a series is empty");
}

/** Whether any of these fields of a series is of the number. */
export function hasField(series: EncodedSeries, field: number): boolean {
  return series.content.some((content) => {
    const reader = new ProtoReader(content);
    while (reader.next()) {
      if (reader.field === field) return true;
      reader.skip();
    }
    return false;
  });
}
