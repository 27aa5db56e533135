import { z } from "zod";
import { alertShape, unitedAlerts, worseState } from "./alerts.ts";
import { labelSet, labelSetKey } from "./label-set.ts";

const ruleShape = z.looseObject({
  type: z.string(),
  name: z.string(),
  query: z.string(),
  /** Prometheus 2 leaves them out of a recording rule that has none. */
  labels: labelSet.optional(),
  /** Of alerting rules. */
  state: z.string().optional(),
  duration: z.number().optional(),
  /** null where exclude_alerts is asked for. */
  alerts: z.array(alertShape).nullish(),
  health: z.string(),
  lastError: z.string().optional(),
  evaluationTime: z.number(),
  lastEvaluation: z.string(),
});
export const ruleGroupShape = z.looseObject({
  name: z.string(),
  file: z.string(),
  rules: z.array(ruleShape),
  evaluationTime: z.number(),
  lastEvaluation: z.string(),
});

type Rule = z.infer<typeof ruleShape>;
export type RuleGroup = z.infer<typeof ruleGroupShape>;

/** A group with the files that it is read from, one or more. */
export interface UnitedGroup {
  group: RuleGroup;
  files: ReadonlySet<string>;
}

/**
 * The groups of all shards, each once. A group of the same name and file is the same one. So is one of the same name in another
 * file if they have rules in common: a shard's file can lack some rules, and is called by its content.
 */
export function unitedGroups(shards: readonly (readonly RuleGroup[])[]): UnitedGroup[] {
  const all: { group: RuleGroup; files: Set<string> }[] = [];
  for (const groups of shards) {
    // groups of one shard are never the same
    const before = new Set(all);
    for (const group of groups) {
      const named = [...before].filter((one) => one.group.name === group.name);
      const same =
        named.find(({ files }) => files.has(group.file)) ??
        named.find((one) => haveCommonRules(one.group, group));
      if (!same) {
        all.push({ group, files: new Set([group.file]) });
        continue;
      }
      before.delete(same);
      same.group = unitedGroup(same.group, group);
      same.files.add(group.file);
    }
  }
  return all;
}

function haveCommonRules(left: RuleGroup, right: RuleGroup): boolean {
  const keys = new Set(ruleKeys(left.rules));
  return ruleKeys(right.rules).some((key) => keys.has(key));
}

function unitedGroup(left: RuleGroup, right: RuleGroup): RuleGroup {
  return { ...left, ...unitedEvaluation(left, right), rules: unitedRules(left.rules, right.rules) };
}

function unitedRules(left: readonly Rule[], right: readonly Rule[]): Rule[] {
  const rules = new Map<string, Rule>();
  for (const list of [left, right]) {
    const keys = ruleKeys(list);
    for (const [index, rule] of list.entries()) {
      const key = keys[index] ?? "";
      const known = rules.get(key);
      rules.set(key, known ? unitedRule(known, rule) : rule);
    }
  }
  return [...rules.values()];
}

/** What tells the rules of a group apart; a rule may be there twice. */
function ruleKeys(rules: readonly Rule[]): string[] {
  const times = new Map<string, number>();
  return rules.map(({ type, name, query, labels, duration }) => {
    const key = JSON.stringify([type, name, query, labelSetKey(labels ?? {}), duration]);
    const time = (times.get(key) ?? 0) + 1;
    times.set(key, time);
    return `${time} ${key}`;
  });
}

const healths = ["ok", "unknown", "err"];

/** A rule is as ill as it is on the shard where it is worst, and what that shard says of it is shown. */
function unitedRule(left: Rule, right: Rule): Rule {
  const worse = healths.indexOf(right.health) > healths.indexOf(left.health) ? right : left;
  const alerts =
    left.alerts && right.alerts ? unitedAlerts([left.alerts, right.alerts]) : (left.alerts ?? right.alerts);
  return {
    ...left,
    ...unitedEvaluation(left, right),
    ...(left.state !== undefined && { state: worseState(left.state, right.state ?? "") }),
    ...(alerts !== undefined && { alerts }),
    health: worse.health,
    ...(worse.lastError !== undefined && { lastError: worse.lastError }),
  };
}

interface Evaluation {
  /** s */
  evaluationTime: number;
  /** RFC 3339 */
  lastEvaluation: string;
}

/** The longest time, as shards evaluate side by side and the slowest is the one that may not keep up; the newest evaluation. */
function unitedEvaluation(left: Evaluation, right: Evaluation): Evaluation {
  const isNewer = Date.parse(right.lastEvaluation) > Date.parse(left.lastEvaluation);
  return {
    evaluationTime: Math.max(left.evaluationTime, right.evaluationTime),
    lastEvaluation: isNewer ? right.lastEvaluation : left.lastEvaluation,
  };
}
