import { type Document, isAlias, isMap, isScalar, isSeq, type Pair, type YAMLMap } from "yaml";
import type { Position } from "../errors/promfleet-error.ts";
import type { InputDocument, ValuePath } from "./input-document.ts";
import { type AliasTargets, isMergeKey, keyText, offsetOf } from "./yaml-values.ts";

interface Place {
  /** The node of the key, or undefined for an item of a list. */
  key: unknown;
  node: unknown;
}

/** Finds the places of values in a YAML document, through aliases and merged maps too. */
export class YamlPlaces {
  readonly #document: Document.Parsed;
  readonly #targets: AliasTargets;
  readonly #at: (offset: number) => Position;
  readonly #pairs = new Map<YAMLMap, ReadonlyMap<string, Pair>>();

  constructor(document: Document.Parsed, targets: AliasTargets, at: (offset: number) => Position) {
    this.#document = document;
    this.#targets = targets;
    this.#at = at;
  }

  get functions(): Pick<InputDocument, "positionOf" | "keyPositionOf" | "plainSourceOf"> {
    return {
      positionOf: (path) => this.#positionOf(path, false),
      keyPositionOf: (path) => this.#positionOf(path, true),
      plainSourceOf: (path) => {
        const node = this.#find(path)?.node;
        return isScalar(node) && node.type === "PLAIN" ? node.source : undefined;
      },
    };
  }

  #positionOf(path: ValuePath, ofKey: boolean): Position | undefined {
    const place = this.#find(path);
    if (!place) return undefined;
    const { key, node } = place;
    const isBlock = (isMap(node) || isSeq(node)) && node.flow !== true;
    const isEmpty = isScalar(node) && node.source === "" && node.type === "PLAIN";
    const wanted = key !== undefined && (ofKey || isBlock || isEmpty || node === null) ? key : node;
    return this.#at(offsetOf(wanted));
  }

  #find(path: ValuePath): Place | undefined {
    let place: Place | undefined = { key: undefined, node: this.#document.contents };
    for (const step of path) {
      place = place && this.#child(place.node, step);
      if (!place) return undefined;
    }
    return place;
  }

  #pairsOf(map: YAMLMap): ReadonlyMap<string, Pair> {
    const known = this.#pairs.get(map);
    if (known) return known;
    const pairs = new Map<string, Pair>();
    for (const pair of map.items) {
      const name = keyText(pair.key);
      // of a key that stands twice the first counts
      if (name !== undefined && !isMergeKey(pair.key) && !pairs.has(name)) pairs.set(name, pair);
    }
    this.#pairs.set(map, pairs);
    return pairs;
  }

  #child(parent: unknown, step: string | number): Place | undefined {
    const node = isAlias(parent) ? this.#targets.get(parent) : parent;
    if (isSeq(node)) {
      const item: unknown = typeof step === "number" ? node.items[step] : undefined;
      return item === undefined ? undefined : { key: undefined, node: item };
    }
    if (!isMap(node)) return undefined;
    const own = this.#pairsOf(node).get(String(step));
    if (own) return { key: own.key, node: own.value };
    for (const { key, value } of node.items) {
      if (!isMergeKey(key)) continue;
      const merged: unknown = isAlias(value) ? this.#targets.get(value) : value;
      for (const source of isSeq(merged) ? merged.items : [merged]) {
        const found = this.#child(source, step);
        if (found) return found;
      }
    }
    return undefined;
  }
}
