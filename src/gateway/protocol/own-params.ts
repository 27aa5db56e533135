import { PromfleetError } from "../../errors/promfleet-error.ts";
import { type Params, firstOf } from "./form.ts";
import { quoteLikeGo } from "./go-text.ts";

/** Parameters that Prometheus does not know. */
const names = { partial: "partial_response", exact: "exact", analyze: "analyze" } as const;
/** As strconv.ParseBool of Go has them. */
const words = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((word) => [word, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((word) => [word, false] as const),
]);

/**
 * Whether an answer may lack what can not be had now, with a warning for each thing: the parameter that Thanos has too.
 * @returns undefined where the request does not say
 * @throws PromfleetError BAD_PARAMETER
 */
export function partialResponse(params: Params): boolean | undefined {
  return yesOrNo(params, names.partial);
}

/** Whether a query has to be evaluated as a whole. @throws PromfleetError BAD_PARAMETER */
export function isExact(params: Params): boolean {
  return yesOrNo(params, names.exact) === true;
}

/** Whether a query that is explained is answered, too. @throws PromfleetError BAD_PARAMETER */
export function isAnalyzed(params: Params): boolean {
  return yesOrNo(params, names.analyze) === true;
}

const own: ReadonlySet<string> = new Set(Object.values(names));

/** The parameters that are Prometheus' own. */
export function withoutOwnParams(params: Params): Params {
  return params.filter(([key]) => !own.has(key));
}

function yesOrNo(params: Params, name: string): boolean | undefined {
  const text = firstOf(params, name);
  if (text === "") return undefined;
  const answer = words.get(text);
  if (answer === undefined)
    throw new PromfleetError({
      code: "BAD_PARAMETER",
      message: `invalid parameter ${quoteLikeGo(name)}: cannot parse ${quoteLikeGo(text)} to a bool`,
    });
  return answer;
}
