import type { Expression, VectorSelector } from "./expression.ts";
import { selectors } from "./selectors.ts";

/**
 * The text with one more matcher in each of its selectors; all else stays as it is, comments included.
 * @param expression what parse made of the text
 * @param matcherText one matcher as written: `__promfleet_q__!="7"`
 */
export function insertMatcher(text: string, expression: Expression, matcherText: string): string {
  let result = "";
  let copied = 0;
  for (const selector of selectors(expression)) {
    const at = selector.braces?.from ?? selector.span.from + (selector.metric ?? "").length;
    result += text.slice(copied, at) + insertion(selector, matcherText);
    copied = at;
  }
  return result + text.slice(copied);
}

function insertion(selector: VectorSelector, matcherText: string): string {
  if (!selector.braces) return `{${matcherText}}`;
  const metricInside = selector.metric !== undefined && selector.span.from === selector.braces.from - 1;
  return selector.matchers.length > 0 || metricInside ? `${matcherText},` : matcherText;
}
