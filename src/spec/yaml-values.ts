import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Pair, type Scalar } from "yaml";
import { type Complaint, PromfleetError, type Position } from "../errors/promfleet-error.ts";

/** Values of a document, each alias counted with all that it stands for. */
const mostValues = 500_000;
const deepest = 100;

/** What each alias stands for. */
export type AliasTargets = ReadonlyMap<unknown, unknown>;

interface Converted {
  value: unknown;
  /** How many values it holds, itself included. */
  size: number;
}

/**
 * The plain value of a document, and what plain values cannot express.
 * @throws PromfleetError INPUT_TOO_LARGE where aliases multiply, INPUT_SYNTAX where one stands within itself
 */
export function yamlValues(
  document: Document.Parsed,
  at: (offset: number) => Position,
): { value: unknown; complaints: Complaint[]; targets: AliasTargets } {
  const complaints: Complaint[] = [];
  const anchors = new Map<string, unknown>();
  const targets = new Map<unknown, unknown>();
  const known = new Map<unknown, Converted>();
  const open = new Set<unknown>();

  const refuse = (message: string, node: unknown, advice?: string) =>
    void complaints.push({ code: "INPUT_SYNTAX", message, at: at(offsetOf(node)), advice });
  const end = (code: "INPUT_SYNTAX" | "INPUT_TOO_LARGE", message: string, node: unknown) =>
    new PromfleetError({ code, message, at: at(offsetOf(node)) });

  const visit = (node: unknown, depth: number): Converted => {
    const done = known.get(node);
    if (done) return done;
    if (open.has(node)) throw end("INPUT_SYNTAX", "an alias stands within what it stands for", node);
    if (depth > deepest) throw end("INPUT_SYNTAX", "this is nested too deeply", node);
    open.add(node);
    if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined)
      anchors.set(node.anchor, node);
    const converted = convert(node, depth);
    open.delete(node);
    if (converted.size > mostValues)
      throw end(
        "INPUT_TOO_LARGE",
        `this holds more than ${mostValues} values, aliases counted in full`,
        node,
      );
    // an empty value has no node of its own
    if (node !== null) known.set(node, converted);
    return converted;
  };

  const convert = (node: unknown, depth: number): Converted => {
    if (isAlias(node)) return visit(target(node), depth + 1);
    if (isSeq(node)) {
      const items = node.items.map((item) => visit(item, depth + 1));
      return { value: items.map(({ value }) => value), size: sum(items) };
    }
    if (isMap(node)) {
      if (node.tag !== undefined && node.tag !== "tag:yaml.org,2002:map")
        refuse(`the tag ${node.tag} is unknown`, node);
      return mapOf(node.items, depth);
    }
    return isScalar(node) ? { value: scalarOf(node), size: 1 } : { value: null, size: 1 };
  };

  const target = (alias: Alias): unknown => {
    const found = anchors.get(alias.source);
    if (found === undefined)
      throw end("INPUT_SYNTAX", `no anchor ${alias.source} stands before this alias`, alias);
    targets.set(alias, found);
    return found;
  };

  const mapOf = (pairs: readonly Pair[], depth: number): Converted => {
    const own = new Map<string, unknown>();
    const merged = new Map<string, unknown>();
    const keys = new Map<string, unknown>();
    let size = 1;
    for (const { key, value } of pairs) {
      const converted = visit(value, depth + 1);
      size += converted.size;
      if (isMergeKey(key)) {
        for (const source of [converted.value].flat())
          if (typeof source === "object" && source !== null)
            for (const [name, inner] of Object.entries(source))
              if (!merged.has(name)) merged.set(name, inner);
        continue;
      }
      const name = keyText(key);
      if (name === undefined) refuse("a key must be a single word or text", key ?? value);
      else if (name === "__proto__") refuse('a key must not be "__proto__"', key);
      else if (keys.has(name))
        refuse(
          `the key ${JSON.stringify(name)} stands here a second time, after line ${at(offsetOf(keys.get(name))).line}`,
          key,
          "Remove one of the two.",
        );
      else {
        keys.set(name, key);
        own.set(name, converted.value);
      }
    }
    for (const [name, value] of merged) if (!own.has(name)) own.set(name, value);
    return { value: Object.fromEntries(own), size };
  };

  const scalarOf = (scalar: Scalar): unknown => {
    const { value, tag } = scalar;
    if (tag !== undefined && !tag.startsWith("tag:yaml.org,2002:"))
      refuse(`the tag ${tag} is unknown`, scalar);
    if (value instanceof Uint8Array) {
      refuse("binary values have no place here", scalar);
      return scalar.source;
    }
    return typeof value === "bigint" ? Number(value) : value;
  };

  return { value: visit(document.contents, 0).value, complaints, targets };
}

/** The text of a key as it was written: `1` and `on` are keys too. */
export function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  return typeof key.value === "string" ? key.value : key.source;
}

/** `<<`, which takes over the keys of other maps. */
export function isMergeKey(key: unknown): boolean {
  return isScalar(key) && typeof key.value === "symbol";
}

/** Where a node begins, in characters. */
export function offsetOf(node: unknown): number {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? (node.range?.[0] ?? 0) : 0;
}

function sum(items: readonly Converted[]): number {
  return items.reduce((size, item) => size + item.size, 1);
}
