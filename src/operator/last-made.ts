/** Keeps what was made last, for as long as it is asked for with the same key. */
export class LastMade<Value> {
  #last: { key: string; value: Value } | undefined;

  /** @param make what it throws is thrown, and not kept */
  of(key: string, make: () => Value): Value {
    if (this.#last?.key !== key) this.#last = { key, value: make() };
    return this.#last.value;
  }
}
