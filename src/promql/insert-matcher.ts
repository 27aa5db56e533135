import type { Expression, VectorSelector } from "./expression.ts";
import { selectors } from "./selectors.ts";

/** Something to be put into a text, at a UTF-16 offset. */
export interface Insertion {
  at: number;
  text: string;
}

/**
 * The text with one more matcher in each of its selectors; all else stays as it is, comments included.
 * @param expression what parse made of the text
 * @param matcherText one matcher as written, or several with commas between them: `__promfleet_q__!="7"`
 */
export function insertMatcher(text: string, expression: Expression, matcherText: string): string {
  let result = "";
  let copied = 0;
  for (const insertion of matcherInsertions(expression, matcherText)) {
    result += text.slice(copied, insertion.at) + insertion.text;
    copied = insertion.at;
  }
  return result + text.slice(copied);
}

/** What insertMatcher puts into a text, in the order of the text. */
export function matcherInsertions(expression: Expression, matcherText: string): Insertion[] {
  return selectors(expression).map((selector) => ({
    at: selector.braces?.from ?? selector.span.from + (selector.metric ?? "").length,
    text: insertionText(selector, matcherText),
  }));
}

function insertionText(selector: VectorSelector, matcherText: string): string {
  if (!selector.braces) return `{${matcherText}}`;
  const metricInside = selector.metric !== undefined && selector.span.from === selector.braces.from - 1;
  return selector.matchers.length > 0 || metricInside ? `${matcherText},` : matcherText;
}
