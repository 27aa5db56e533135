import type { Complaint, Position } from "../errors/promfleet-error.ts";
import { parse } from "../promql/parse.ts";
import type { FleetSpec, Rule, RuleGroup, Verbatim } from "../spec/fleet-spec.ts";
import { isWhole, type Locality } from "./locality.ts";
import { RuleGraph } from "./rule-graph.ts";

/** The groups of every shard, in the shards' order, and what is to be said of rules that no shard can evaluate alone. */
export interface PlacedRules {
  groups: readonly (readonly RuleGroup[])[];
  complaints: readonly Complaint[];
}

/**
 * Puts every rule where it is right: on each shard where it looks at each shard's series alone, on the first where it reads
 * nothing that is spread over the shards. With one shard, that one evaluates everything.
 */
export function placeRules(
  spec: FleetSpec,
  shards: readonly string[],
  positionOf: (path: readonly (string | number)[]) => Position | undefined,
): PlacedRules {
  if (shards.length === 1) return { groups: [spec.rules], complaints: [] };
  const graph = new RuleGraph(spec);
  const complaints: Complaint[] = [];
  const onFirst = new Set<Rule>();
  for (const [groupIndex, group] of spec.rules.entries())
    for (const [index, rule] of group.rules.entries()) {
      const locality = graph.localityOf(rule);
      if (isWhole(locality)) onFirst.add(rule);
      const trouble = troubleOf(rule, locality, setLabels(group, index), templatesOf(group, index));
      if (trouble === undefined) continue;
      const at = positionOf(["spec", "rules", groupIndex, "rules", index, "expr"]);
      const message = `${rule.kind} rule ${JSON.stringify(rule.name)} of group ${JSON.stringify(group.name)} ${trouble}`;
      complaints.push({ code: "RULE_NEEDS_ALL_SHARDS", message, at });
    }
  return {
    groups: shards.map((_, shard) =>
      shard === 0 ? spec.rules : spec.rules.flatMap((group) => withoutRules(group, onFirst)),
    ),
    complaints,
  };
}

function troubleOf(
  rule: Rule,
  locality: Locality,
  labels: ReadonlySet<string>,
  templates: readonly string[],
): string | undefined {
  if (!parse(rule.expr))
    return "has an expression that promfleet does not understand as a whole (a syntax error, or newer than promfleet), so it cannot tell whether one shard can evaluate it";
  if (locality.spread === "all") {
    const part = locality.part ? ` in ${quoted(rule.expr.slice(locality.part.from, locality.part.to))}` : "";
    return `needs the data of all shards:${part} ${locality.why ?? ""}`;
  }
  if (locality.spread === "mixed" && rule.kind === "record")
    return `would be recorded by every shard for the same series: ${locality.why ?? ""}`;
  if (!isWhole(locality) && labels.has("instance"))
    return "sets the label instance, by which targets are spread over the shards";
  if (templates.some((template) => /\{\{[^}]*\bquery\b/.test(template)))
    return "asks `query` in a template, which sees the data of one shard alone";
  return undefined;
}

/** One line, not too long. */
function quoted(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return `\`${line.length > 80 ? `${line.slice(0, 77)}…` : line}\``;
}

/** Names of the labels that a rule, or its group for it, sets. */
function setLabels(group: RuleGroup, index: number): ReadonlySet<string> {
  const ofGroup = group.group["labels"];
  const names = Object.keys(group.rules[index]?.labels ?? {});
  return new Set(isMap(ofGroup) ? [...names, ...Object.keys(ofGroup)] : names);
}

/** What Prometheus expands when an alert fires. */
function templatesOf(group: RuleGroup, index: number): string[] {
  const rule = verbatimRules(group)[index];
  return [rule?.["labels"], rule?.["annotations"]]
    .filter(isMap)
    .flatMap((map) => Object.values(map))
    .filter((value) => typeof value === "string");
}

/** The group without the rules that only the first shard evaluates; nothing where none are left. */
function withoutRules(group: RuleGroup, leftOut: ReadonlySet<Rule>): RuleGroup[] {
  const kept = (index: number) => !leftOut.has(group.rules[index] ?? unreachable());
  const rules = group.rules.filter((_, index) => kept(index));
  if (rules.length === group.rules.length) return [group];
  if (rules.length === 0) return [];
  const verbatim = verbatimRules(group).filter((_, index) => kept(index));
  return [{ ...group, rules, group: { ...group.group, rules: verbatim } }];
}

function unreachable(): never {
  throw new Error("a rule group has more rules verbatim than parsed");
}

function verbatimRules(group: RuleGroup): readonly Verbatim[] {
  const rules = group.group["rules"];
  return Array.isArray(rules) ? rules.filter(isMap) : [];
}

function isMap(value: unknown): value is Verbatim {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
