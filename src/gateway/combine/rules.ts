import { z } from "zod";
import type { Answer } from "../planner/query-request.ts";
import { type Combiner, type Params, allParams, firstParam, withoutParams } from "./combiner.ts";
import { type RuleGroup, type UnitedGroup, ruleGroupShape, unitedGroups } from "./rule-groups.ts";
import { cutPage, pageOf, pageParams } from "./rule-pages.ts";
import { type Part, jsonHeaders, partOf, successAnswer, unitedAnnotations } from "./success-answer.ts";
import { compareUtf8 } from "./utf8-order.ts";

const discovery = partOf(z.object({ groups: z.array(ruleGroupShape) }));

/**
 * The rule groups of all shards, each once, in Prometheus' order: by file, then by name. Also for a single shard: the names of
 * files are the same on its replicas only as they are shown here.
 */
export const rulesCombiner: Combiner<Part<RuleGroup[]>> = {
  method: "GET",
  evenOfOne: true,
  // a file of one shard is none of another one's; a page of each is none of all
  ask: (params) => withoutParams(params, "file[]", ...(pageOf(params) ? pageParams : [])),
  parse(body, { server }) {
    const { data, annotations } = discovery(body);
    const groups = data.groups.map((group) => ({ ...group, file: shownFile(group.file, server) }));
    return { data: groups, annotations };
  },
  merge(parts, params) {
    const groups = unitedGroups(parts.map(({ data }) => data))
      .filter(isInFiles(allParams(params, "file[]")))
      .map(({ group }) => group)
      .toSorted((left, right) => compareUtf8(left.file, right.file) || compareUtf8(left.name, right.name));
    const page = pageOf(params);
    const shown = page ? cutPage(groups, page) : { groups };
    return shown ? successAnswer(shown, unitedAnnotations(parts)) : wrongToken(params);
  },
};

/**
 * A file in the folder of a server, called by the server's name, is shown relative to that: every replica has its own, and
 * a group must not change its file, and with it the token of its page, with the replica that answers.
 */
function shownFile(file: string, server: string): string {
  const folder = `/${server}/`;
  const at = file.lastIndexOf(folder);
  return at < 0 ? file : file.slice(at + folder.length);
}

/** Takes a file both as it is shown and as a server calls it. */
function isInFiles(wanted: readonly string[]): (group: UnitedGroup) => boolean {
  if (wanted.length === 0) return () => true;
  const isWanted = (file: string) =>
    wanted.some((path) => path === file || (!file.startsWith("/") && path.endsWith(`/${file}`)));
  return ({ files }) => [...files].some(isWanted);
}

/** In Prometheus' own words. */
function wrongToken(params: Params): Answer {
  const token = firstParam(params, "group_next_token");
  const error = `invalid parameter "group_next_token": invalid group_next_token '${token}'. were rule groups changed?`;
  const body = Buffer.from(JSON.stringify({ status: "error", errorType: "bad_data", error }));
  return { status: 400, headers: jsonHeaders, body };
}
