import type { Expression, Matcher } from "./expression.ts";
import { matcherInsertions } from "./insert-matcher.ts";
import { parse } from "./parse.ts";
import { bracesOf, plainText } from "./plain-text.ts";
import { selectors, subexpressions } from "./selectors.ts";

/** Longer texts are not parsed. */
const longest = 64 * 1024;

/** A text whose every selector has the matchers. */
export interface EnforcedText {
  text: string;
  expression: Expression;
  /** What stands in it as in the text before, in UTF-16 units. */
  shared: readonly { evaluatedFrom: number; userFrom: number; length: number }[];
}

/** What is wrong with a text, where it is not certain that nothing else can be read with it. */
export type NotEnforced = "unclear" | "info";

/** A matcher as PromQL text. @param matcher of a label whose name needs no quotes */
export function matcherText({ name, op, value }: Matcher): string {
  return `${name}${op}${JSON.stringify(value)}`;
}

/**
 * Puts matchers into every selector of a text, so that it reads nothing but series which they match. Comments become blanks. Unless the
 * whole of it is understood for certain there is no answer; nor for info(), which reads series that no selector names.
 */
export function enforceMatchers(text: string, matchers: readonly Matcher[]): EnforcedText | NotEnforced {
  const plain = text.length > longest ? undefined : plainText(text);
  const expression = plain === undefined ? undefined : parse(plain);
  if (plain === undefined || !expression) return "unclear";
  if (callsInfo(expression)) return "info";
  const inserted = matchers.map(matcherText).join(",");
  const shared: { evaluatedFrom: number; userFrom: number; length: number }[] = [];
  let result = "";
  let copied = 0;
  for (const insertion of [...matcherInsertions(expression, inserted), { at: plain.length, text: "" }]) {
    shared.push({ evaluatedFrom: result.length, userFrom: copied, length: insertion.at - copied });
    result += plain.slice(copied, insertion.at) + insertion.text;
    copied = insertion.at;
  }
  const enforced = parse(result);
  return enforced && isEnforced(result, enforced, matchers, inserted)
    ? { text: result, expression: enforced, shared }
    : "unclear";
}

/** A second look, at what came out: as a tree, and as a text in which every brace begins with the matchers. */
function isEnforced(
  text: string,
  expression: Expression,
  matchers: readonly Matcher[],
  inserted: string,
): boolean {
  const found = selectors(expression);
  const braces = bracesOf(text);
  return (
    braces.length === found.length &&
    braces.every((at) => text.startsWith(inserted, at)) &&
    found.every((selector) =>
      matchers.every(({ name, op, value }) =>
        selector.matchers.some((one) => one.name === name && one.op === op && one.value === value),
      ),
    )
  );
}

function callsInfo(expression: Expression): boolean {
  if (expression.kind === "call" && expression.func === "info") return true;
  return subexpressions(expression).some((part) => callsInfo(part));
}

/** One matcher as it is declared, `namespace="shop"`; undefined where it is none, or one that can not be put into any selector. */
export function parseMatcher(text: string): Matcher | undefined {
  const plain = plainText(text);
  if (plain === undefined || plain !== text) return undefined;
  const expression = parse(`{${text}}`);
  if (expression?.kind !== "vector" || expression.metric !== undefined) return undefined;
  const [matcher, ...more] = expression.matchers;
  if (!matcher || more.length > 0 || text.trimEnd().endsWith(",")) return undefined;
  // a selector that names its metric must not have another matcher of it
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(matcher.name) && matcher.name !== "__name__" ? matcher : undefined;
}
