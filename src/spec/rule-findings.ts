import type { ValuePath } from "./input-document.ts";
import { listIn } from "./job-findings.ts";
import { type Finding, pathText } from "./schema-complaints.ts";
import { isMap } from "./shown-value.ts";

/** What is wrong with the rule groups, apart from their shape and their expressions. Takes anything. */
export function ruleFindings(spec: unknown): Finding[] {
  const first = new Map<string, number>();
  return listIn(spec, "rules").flatMap((group, index) => {
    const path = ["spec", "rules", index];
    const findings = listIn(group, "rules").flatMap((rule, at) => kindFindings(rule, [...path, "rules", at]));
    const name = isMap(group) ? group["name"] : undefined;
    if (typeof name !== "string" || name === "") return findings;
    const before = first.get(name);
    if (before === undefined) first.set(name, index);
    else
      findings.unshift({
        code: "SPEC_DUPLICATE",
        message: `the rule group ${JSON.stringify(name)} stands here a second time, after spec.rules[${before}]`,
        path: [...path, "name"],
      });
    return findings;
  });
}

const ofAlerts = ["for", "keep_firing_for", "annotations"];

function kindFindings(rule: unknown, path: ValuePath): Finding[] {
  if (!isMap(rule)) return [];
  const records = rule["record"] !== undefined;
  const alerts = rule["alert"] !== undefined;
  if (records && alerts)
    return [
      {
        code: "SPEC_CONFLICT",
        message: `${pathText(path)} has record and alert; a rule does one of the two`,
        path: [...path, "alert"],
        atKey: true,
        advice: "Make two rules of it.",
      },
    ];
  if (!records && !alerts)
    return [
      {
        code: "SPEC_MISSING_KEY",
        message: `${pathText(path)} has neither record nor alert; one of them is expected`,
        path,
      },
    ];
  return ofAlerts
    .filter((key) => records && rule[key] !== undefined)
    .map((key) => ({
      code: "SPEC_CONFLICT",
      message: `${pathText(path)} is a recording rule, which cannot have ${JSON.stringify(key)}`,
      path: [...path, key],
      atKey: true,
      advice: "Remove the key, or make an alerting rule of it.",
    }));
}
