import { createHash } from "node:crypto";
import { type Params, firstParam } from "./combiner.ts";
import type { RuleGroup } from "./rule-groups.ts";

const groupLimit = "group_limit";
const nextToken = "group_next_token";
export const pageParams = [groupLimit, nextToken] as const;

/** Which of the groups are asked for. */
interface Page {
  limit: number;
  /** "" for the first page. */
  token: string;
}

/** @returns undefined where no page is asked for, or not in a way that Prometheus takes */
export function pageOf(params: Params): Page | undefined {
  const limit = firstParam(params, groupLimit);
  if (!/^\+?\d+$/.test(limit) || Number(limit) < 1 || Number(limit) >= 2 ** 31) return undefined;
  return { limit: Number(limit), token: firstParam(params, nextToken) };
}

/** @returns undefined where the token is of no group that is there, or the groups and the token of the next page if there is one */
export function cutPage(
  groups: readonly RuleGroup[],
  { limit, token }: Page,
): { groups: readonly RuleGroup[]; groupNextToken?: string } | undefined {
  const from = token === "" ? 0 : groups.findIndex((group) => tokenOf(group) === token);
  if (from < 0) return undefined;
  const next = groups[from + limit];
  return { groups: groups.slice(from, from + limit), ...(next && { groupNextToken: tokenOf(next) }) };
}

/** As Prometheus makes it: the page begins with this group. */
function tokenOf({ file, name }: RuleGroup): string {
  return createHash("sha256").update(`${file};${name}`).digest("hex");
}
