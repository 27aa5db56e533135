import { matchesRegex } from "../../plan/regex-match.ts";
import type { Expression, Matcher, VectorSelector } from "../../promql/expression.ts";
import { subexpressions } from "../../promql/selectors.ts";
import type { SharedText } from "./annotation-positions.ts";

/** A text that is evaluated in place of the user's, and which pieces of it are the user's own. */
export interface EvaluatedText {
  text: string;
  shared: readonly SharedText[];
}

const ofAbsence: ReadonlySet<string> = new Set(["absent", "absent_over_time"]);

/**
 * absent() gives the labels for which its selector has one `=` and nothing behind that. A server that reads its own storage has by then
 * put the matchers that only take series away behind the others, one that reads from elsewhere has not. Where such a matcher stands before
 * its `=`, that is written once more before both: the same series are selected, and the label is given by neither.
 * @returns undefined where nothing is to be done
 */
export function withStoredAbsentLabels(query: string, expression: Expression): EvaluatedText | undefined {
  const insertions = absentSelectors(expression)
    .flatMap((selector) => {
      const text = hiddenLabels(selector).map(written).join("");
      return selector.braces && text !== "" ? [{ at: selector.braces.from, text }] : [];
    })
    .toSorted((left, right) => left.at - right.at);
  if (insertions.length === 0) return undefined;
  let text = "";
  let copied = 0;
  const shared: SharedText[] = [];
  const keep = (to: number) => {
    shared.push({ evaluatedFrom: text.length, userFrom: copied, length: to - copied });
    text += query.slice(copied, to);
    copied = to;
  };
  for (const insertion of insertions) {
    keep(insertion.at);
    text += insertion.text;
  }
  keep(query.length);
  return { text, shared };
}

function absentSelectors(expression: Expression): VectorSelector[] {
  const inner = subexpressions(expression).flatMap(absentSelectors);
  if (expression.kind !== "call" || !ofAbsence.has(expression.func)) return inner;
  const [arg] = expression.args;
  if (arg?.kind === "vector") return [arg, ...inner];
  return arg?.kind === "matrix" ? [arg.selector, ...inner] : inner;
}

/** The first `=` of labels that have a matcher before it which a server's storage puts behind it. */
function hiddenLabels({ matchers }: VectorSelector): Matcher[] {
  return matchers.filter(({ name, op, value }, at) => {
    const before = matchers.slice(0, at).filter((one) => one.name === name);
    const isFirst = op === "=" && value !== "" && before.every((one) => one.op !== "=");
    return isFirst && before.some(takesAway);
  });
}

/** Of a label that has to be there, as an `=` asks for it: whether series without it would be left. */
function takesAway({ op, value }: Matcher): boolean {
  if (op === "!=") return value !== "";
  return op === "!~" && matchesRegex(value, "") === false;
}

/** With the comma behind it: there are others. */
function written({ name, value }: Matcher): string {
  const label = /^[a-zA-Z_]\w*$/.test(name) ? name : JSON.stringify(name);
  return `${label}=${JSON.stringify(value)},`;
}
