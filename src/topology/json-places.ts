import type { Position } from "../errors/promfleet-error.ts";
import type { ValuePath } from "../spec/input-document.ts";

interface Place {
  /** Where the key begins, for values of an object. */
  key: number | undefined;
  value: number;
}

/** Where things stand in a JSON text. For messages only: it is read when something is wrong with it. */
export class JsonPlaces {
  readonly #text: string;
  readonly #file: string;
  /** By the path as JSON; of a key that stands twice the last counts. */
  readonly #places = new Map<string, Place>();
  #at = 0;
  /** Where the text stops being JSON. */
  #broken: { at: number; why: string } | undefined;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
    this.#value([]);
    this.#blanks();
    if (!this.#broken && this.#at < text.length) this.#break("something follows the end of the value");
  }

  /** Where the text stops being JSON, and why; undefined if it is JSON. */
  get mistake(): { at: Position; why: string } | undefined {
    return this.#broken && { at: this.#position(this.#broken.at), why: this.#broken.why };
  }

  positionOf(path: ValuePath, ofKey = false): Position | undefined {
    const place = this.#places.get(JSON.stringify(path));
    return place && this.#position(ofKey ? (place.key ?? place.value) : place.value);
  }

  #position(offset: number): Position {
    const before = this.#text.slice(0, offset).split("\n");
    return { file: this.#file, line: before.length, column: (before.at(-1) ?? "").length + 1 };
  }

  #break(why: string): false {
    this.#broken ??= { at: this.#at, why };
    return false;
  }

  #blanks(): void {
    while (this.#at < this.#text.length && " \t\n\r".includes(this.#text.charAt(this.#at))) this.#at++;
  }

  #take(pattern: RegExp): string | undefined {
    const sticky = new RegExp(pattern.source, "yu");
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #expected(what: string): false {
    const found = this.#text.charAt(this.#at);
    if (found === '"')
      return this.#break("a string begins that does not end, or that holds what has to be escaped");
    return this.#break(
      found === ""
        ? `it ends where ${what} is expected`
        : `${JSON.stringify(found)} stands where ${what} is expected`,
    );
  }

  #value(path: ValuePath, key?: number): boolean {
    this.#blanks();
    this.#places.set(JSON.stringify(path), { key, value: this.#at });
    if (path.length > deepest) return this.#break("it is nested too deeply");
    if (this.#take(/\{/) !== undefined) return this.#members(path);
    if (this.#take(/\[/) !== undefined) return this.#items(path);
    const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/;
    return this.#string() !== undefined || this.#take(scalar) !== undefined || this.#expected("a value");
  }

  /** Piece by piece: one pattern for all of it would try every way to cut a long string that does not end. */
  #string(): string | undefined {
    const start = this.#at;
    if (this.#take(/"/) === undefined) return undefined;
    // oxlint-disable-next-line no-control-regex -- JSON has them escaped
    while (this.#take(/[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})/) !== undefined);
    if (this.#take(/"/) !== undefined) return this.#text.slice(start, this.#at);
    this.#at = start;
    return undefined;
  }

  #members(path: ValuePath): boolean {
    this.#blanks();
    if (this.#take(/\}/) !== undefined) return true;
    for (;;) {
      this.#blanks();
      const start = this.#at;
      const name = this.#string();
      if (name === undefined) return this.#expected("a key in double quotes");
      this.#blanks();
      if (this.#take(/:/) === undefined) return this.#expected("a colon");
      if (!this.#value([...path, JSON.parse(name) as string], start)) return false;
      this.#blanks();
      if (this.#take(/\}/) !== undefined) return true;
      if (this.#take(/,/) === undefined) return this.#expected("a comma or }");
    }
  }

  #items(path: ValuePath): boolean {
    this.#blanks();
    if (this.#take(/\]/) !== undefined) return true;
    for (let index = 0; ; index++) {
      if (!this.#value([...path, index])) return false;
      this.#blanks();
      if (this.#take(/\]/) !== undefined) return true;
      if (this.#take(/,/) === undefined) return this.#expected("a comma or ]");
    }
  }
}

/** Further down no topology goes. */
const deepest = 64;
