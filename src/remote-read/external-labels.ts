import { quoteRegex } from "./quote-regex.ts";
import type { ReadMatcher } from "./read-request.ts";

/** Where a label's name and value lie in a buffer. */
interface LabelPlace {
  nameFrom: number;
  nameTo: number;
  valueFrom: number;
  valueTo: number;
}

/**
 * The labels that a server adds to what it answers to remote reads, and to nothing else: a query through the gateway must not
 * see them. A series that was scraped with one of them, name and value, loses it too: on the wire the two look the same.
 */
export class ExternalLabels {
  readonly #labels: readonly { name: Buffer; value: Buffer }[];

  private constructor(labels: Readonly<Record<string, string>>) {
    this.#labels = Object.entries(labels).map(([name, value]) => ({
      name: Buffer.from(name),
      value: Buffer.from(value),
    }));
  }

  /** Undefined where there are none. */
  static of(labels: Readonly<Record<string, string>>): ExternalLabels | undefined {
    return Object.keys(labels).length > 0 ? new ExternalLabels(labels) : undefined;
  }

  has(buffer: Buffer, label: LabelPlace): boolean {
    return this.#labels.some(
      ({ name, value }) =>
        name.length === label.nameTo - label.nameFrom &&
        value.length === label.valueTo - label.valueFrom &&
        name.compare(buffer, label.nameFrom, label.nameTo) === 0 &&
        value.compare(buffer, label.valueFrom, label.valueTo) === 0,
    );
  }
}

/**
 * Makes a matcher mean in a remote read what it means in a query. A server takes `name="value"` of an external label for
 * fulfilled by every series; as a regular expression it is left alone and, as in a query, only finds series that have the
 * label themselves.
 * @param external the external labels of all servers that may be asked
 */
export function matchStoredLabels(
  matchers: readonly ReadMatcher[],
  external: readonly Readonly<Record<string, string>>[],
): readonly ReadMatcher[] {
  const isExternal = ({ name, value }: ReadMatcher) => external.some((labels) => labels[name] === value);
  return matchers.map((matcher) =>
    matcher.op === "=" && matcher.value !== "" && isExternal(matcher)
      ? { ...matcher, op: "=~", value: quoteRegex(matcher.value) }
      : matcher,
  );
}
