import { printFloatLikeGo } from "../protocol/go-text.ts";

/** The last sample of a series. */
export interface LastSample {
  /** Not there where a series has none. */
  name: string;
  /** Without the name, sorted by their own. */
  labels: readonly (readonly [name: string, value: string])[];
  /** ms since 1970 */
  time: number;
  value: number;
}

/** How names are shown that the text format did not have before Prometheus 3. */
export type Escaping = "underscores" | "allow-utf-8";

const legacyName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const legacyLabel = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * Prometheus' text format 0.0.4 as its /federate writes it: nothing is known of the types, and a series without an instance has an
 * empty one, so that who federates does not put its own there.
 * @param samples those of a name together
 */
export function* untypedText(
  samples: readonly LastSample[],
  escaping: Escaping,
): Generator<string, void, undefined> {
  let last: string | undefined;
  for (const { name, labels, time, value } of samples) {
    const isPlain = legacyName.test(name) || escaping === "underscores";
    const shown = legacyName.test(name) ? name : isPlain ? underscored(name) : quoted(name);
    const pairs = labels.map(([label, text]) => `${labelName(label, escaping)}=${quoted(text)}`);
    if (labels.every(([label]) => label !== "instance")) pairs.push('instance=""');
    const inBraces = (isPlain ? pairs : [shown, ...pairs]).join(",");
    const head = name === last ? "" : `# TYPE ${shown} untyped\n`;
    last = name;
    yield `${head}${isPlain ? shown : ""}{${inBraces}} ${printFloatLikeGo(value)} ${time}\n`;
  }
}

function labelName(name: string, escaping: Escaping): string {
  if (legacyLabel.test(name)) return name;
  return escaping === "underscores" ? underscored(name) : quoted(name);
}

/** As escapes of Prometheus' libraries go: whatever is no part of a name of old. A colon is one of metrics. */
function underscored(name: string): string {
  const replaced = Array.from(name).map((letter, at) =>
    (at === 0 ? /[a-zA-Z_:]/ : /[a-zA-Z0-9_:]/).test(letter) ? letter : "_",
  );
  return replaced.join("");
}

function quoted(text: string): string {
  return `"${text
    .replaceAll("\\", String.raw`\\`)
    .replaceAll("\n", String.raw`\n`)
    .replaceAll('"', String.raw`\"`)}"`;
}
