import { PromfleetError } from "../../errors/promfleet-error.ts";
import { type EnforcedText, enforceMatchers, matcherText } from "../../promql/enforce-matchers.ts";
import type { Matcher } from "../../promql/expression.ts";
import { type Params, firstOf } from "../protocol/form.ts";

const evaluated = ["query", "timeout", "lookback_delta", "limit", "stats", "partial_response", "exact"];
const ofRange = ["start", "end", "step"];
const listed = ["match[]", "start", "end", "limit", "timeout", "partial_response"];

/** The APIs whose answers can be restricted, by handler, and the parameters that are known of each; others are left out. */
const restrictable: ReadonlyMap<string, readonly string[]> = new Map([
  ["query", [...evaluated, "time"]],
  ["query_range", [...evaluated, ...ofRange]],
  ["explain", [...evaluated, "time", ...ofRange, "analyze"]],
  ["labels", listed],
  ["label_values", listed],
  ["series", listed],
  ["query_exemplars", ["query", "start", "end", "timeout", "partial_response"]],
  ["federate", ["match[]", "partial_response"]],
  // its queries are in its body
  ["read", ["partial_response"]],
  // they are about a text, and read nothing
  ["format_query", ["query"]],
  ["parse_query", ["query"]],
]);

export interface RestrictedParams {
  params: Params;
  /** What became of `query`; undefined where there is none, or nothing is read. */
  enforced: EnforcedText | undefined;
}

/** @throws PromfleetError API_FORBIDDEN where an answer can not be restricted to what matchers match */
export function refuseUnrestrictable(handler: string, tenant: string): void {
  if (restrictable.has(handler)) return;
  throw new PromfleetError({
    code: "API_FORBIDDEN",
    message: `what ${handler} answers can not be restricted to what tenant ${tenant} may see`,
  });
}

/**
 * The parameters of a request with the matchers in every selector. Each that counts once is there once.
 * @throws PromfleetError QUERY_NOT_ENFORCEABLE
 */
export function restrictedParams(
  handler: string,
  params: Params,
  matchers: readonly Matcher[],
): RestrictedParams {
  const known = restrictable.get(handler) ?? [];
  const kept = new Map(params.filter(([name]) => known.includes(name)).toReversed());
  kept.delete("match[]");
  const named = [...kept].toReversed();
  if (["format_query", "parse_query", "read"].includes(handler))
    return { params: named, enforced: undefined };
  if (known.includes("match[]")) {
    const given = params.filter(([name]) => name === "match[]").map(([, text]) => text);
    // who federates nothing gets nothing
    const selectors =
      given.length > 0 || handler === "federate"
        ? given.map((text) => selectorOf(text, matchers))
        : [all(matchers)];
    return {
      params: [...named, ...selectors.map((text) => ["match[]", text] as const)],
      enforced: undefined,
    };
  }
  const enforced = enforcedText("query", firstOf(params, "query"), matchers);
  return {
    params: named.map(([name, value]) => [name, name === "query" ? enforced.text : value] as const),
    enforced,
  };
}

/** A selector of all that may be seen. One that matched series without any of its labels would be refused. */
function all(matchers: readonly Matcher[]): string {
  return `{${['__name__!=""', ...matchers.map(matcherText)].join(",")}}`;
}

function selectorOf(text: string, matchers: readonly Matcher[]): string {
  const { text: enforced, expression } = enforcedText("match[]", text, matchers);
  if (expression.kind !== "vector" || expression.offset !== undefined || expression.at !== undefined)
    throw refused("match[]", "it is no selector");
  return enforced;
}

function enforcedText(param: string, text: string, matchers: readonly Matcher[]): EnforcedText {
  const enforced = enforceMatchers(text, matchers);
  if (enforced === "info") throw refused(param, "info() reads series that no selector names");
  if (enforced === "unclear") throw refused(param, "it is not understood as a whole");
  return enforced;
}

function refused(param: string, why: string): PromfleetError {
  return new PromfleetError({
    code: "QUERY_NOT_ENFORCEABLE",
    message: `invalid parameter ${JSON.stringify(param)}: ${why}, so what it reads can not be restricted to what the tenant may see`,
  });
}
