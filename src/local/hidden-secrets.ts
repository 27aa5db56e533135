import { isPair, isScalar, isSeq, parseDocument, type Scalar, visit } from "yaml";
import { secretKeys } from "../spec/import/held-secrets.ts";

const urlWithPassword = /^(\w+:\/\/[^/@\s]*?:)([^/@\s]+)(@.*)$/s;

/** Takes the secrets out of configurations that are to be shown. Each has a number of its own, so that a change of one shows. */
export class HiddenSecrets {
  readonly #numbers = new Map<string, number>();

  /**
   * @param text YAML, as Prometheus reads it
   * @returns it as YAML is printed here, so that two of them differ where they say something else
   */
  in(text: string): string {
    const document = parseDocument(text, { version: "1.1" });
    if (text === "") return "";
    if (document.errors.length > 0) return "# this is no YAML\n";
    const hide = (scalar: Scalar) => {
      if (typeof scalar.value !== "string" || scalar.value === "") return;
      scalar.value = this.#nameOf(scalar.value);
      scalar.type = "PLAIN";
    };
    visit(document, {
      Pair: (_, { key, value }) => {
        if (!isScalar(key) || !secretKeys.has(String(key.value))) return;
        if (isScalar(value)) hide(value);
        if (isSeq(value)) for (const item of value.items) if (isScalar(item)) hide(item);
      },
      Scalar: (_, scalar, ancestors) => {
        const [, before, password, after] = urlWithPassword.exec(String(scalar.value)) ?? [];
        const parent = ancestors.at(-1);
        if (password === undefined || (isPair(parent) && parent.key === scalar)) return;
        scalar.value = `${before}${this.#nameOf(password)}${after}`;
      },
    });
    return document.toString({ lineWidth: 0 });
  }

  #nameOf(secret: string): string {
    const number = this.#numbers.get(secret) ?? this.#numbers.size + 1;
    this.#numbers.set(secret, number);
    return `<secret ${number}>`;
  }
}
