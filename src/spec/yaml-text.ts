import { Document, Scalar, visit } from "yaml";

/** Characters that YAML 1.1 takes for line breaks or refuses, and others that nobody sees. */
const unseen = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** What is left plain or as a block: visible characters, lines that neither begin nor end with blanks in an odd way. */
const plainLine = /^[^\s\p{C}](?:[^\p{C}\p{Zl}\p{Zp}]*[^\s\p{C}])?$/u;
const innerLine = /^(?: *[^\s\p{C}](?:[^\p{C}\p{Zl}\p{Zp}]*[^\s\p{C}])?)?$/u;

/**
 * YAML as Prometheus reads it: the parser there follows YAML 1.1, so words such as `on`, `yes` or `1:30` are quoted, and odd
 * characters are escaped. The same value always gives the same text; there are no anchors and lines are not folded.
 */
export function yamlText(value: unknown): string {
  const document = new Document(value, { version: "1.1", aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === "string" && !isPlain(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  // where one of these stands, it stands in double quotes
  return document
    .toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER })
    .replaceAll(unseen, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function isPlain(text: string): boolean {
  const [first = "", ...others] = text.endsWith("\n") ? text.slice(0, -1).split("\n") : text.split("\n");
  const last = others.at(-1) ?? first;
  return plainLine.test(first) && others.every((line) => innerLine.test(line)) && last !== "";
}
