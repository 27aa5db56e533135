import type { Expression, Matcher, VectorSelector } from "../promql/expression.ts";
import { parse } from "../promql/parse.ts";
import type { FleetSpec, Rule } from "../spec/fleet-spec.ts";
import { jobSources } from "./job-source.ts";
import { type Locality, union } from "./locality.ts";
import { matchesRegex } from "./regex-match.ts";
import { expressionLocality } from "./rule-locality.ts";

const alertMetrics = ["ALERTS", "ALERTS_FOR_STATE"];

/** Which rules read what, as far as it decides where each can be evaluated. */
export class RuleGraph {
  readonly #jobs;
  readonly #rules: readonly Rule[];
  readonly #known = new Map<Rule, Locality>();
  readonly #visiting = new Set<Rule>();

  constructor(spec: FleetSpec) {
    this.#jobs = jobSources(spec);
    this.#rules = spec.rules.flatMap((group) => group.rules);
  }

  /** Of the rule's expression. */
  localityOf(rule: Rule): Locality {
    const known = this.#known.get(rule);
    if (known) return known;
    this.#visiting.add(rule);
    const expression: Expression | undefined = parse(rule.expr);
    const locality: Locality = expression
      ? expressionLocality(expression, (selector) => this.#ofSelector(selector))
      : { spread: "all", why: "the expression is not understood" };
    this.#visiting.delete(rule);
    this.#known.set(rule, locality);
    return locality;
  }

  #ofSelector(selector: VectorSelector): Locality {
    const byName = namePredicates(selector);
    const named = (name: string) => byName.every((predicate) => predicate(name) !== false);
    const exact =
      selector.metric ?? selector.matchers.find((m) => m.name === "__name__" && m.op === "=")?.value;
    const outputs = this.#rules
      .filter((rule) =>
        rule.kind === "record"
          ? named(rule.name)
          : alertMetrics.some(named) && mayBe(selector, "alertname", rule.name),
      )
      .map((rule) => this.#ofOutput(rule));
    // a name that rules record is theirs alone
    if (exact !== undefined && (outputs.length > 0 || alertMetrics.includes(exact))) return union(outputs);
    const jobs = this.#jobs.filter(({ job }) => job === undefined || mayBe(selector, "job", job));
    return union([...jobs.map(({ locality }) => locality), ...outputs]);
  }

  /** What others read of a rule's output: one that needs no shard's own data is evaluated on the first alone. */
  #ofOutput(rule: Rule): Locality {
    if (this.#visiting.has(rule))
      return { spread: "all", why: `it goes round in a circle to the output of ${rule.name}` };
    const locality = this.localityOf(rule);
    if (locality.spread === "everywhere") return { spread: "first" };
    // a culprit in another rule's text is no part of the reader's
    if (locality.spread === "all")
      return { spread: "all", why: `it reads ${rule.name}, which itself needs all shards` };
    return locality;
  }
}

type Predicate = (value: string) => boolean | undefined;

function predicateOf(matcher: Matcher): Predicate {
  switch (matcher.op) {
    case "=":
      return (value) => value === matcher.value;
    case "!=":
      return (value) => value !== matcher.value;
    case "=~":
      return (value) => matchesRegex(matcher.value, value);
    case "!~":
  }
  return (value) => {
    const matches = matchesRegex(matcher.value, value);
    return matches === undefined ? undefined : !matches;
  };
}

function namePredicates(selector: VectorSelector): Predicate[] {
  const predicates = selector.matchers.filter((matcher) => matcher.name === "__name__").map(predicateOf);
  const { metric } = selector;
  return metric === undefined ? predicates : [...predicates, (name) => name === metric];
}

/** Whether series with this label value can be among those selected, as far as the label itself tells. */
function mayBe(selector: VectorSelector, label: string, value: string): boolean {
  return selector.matchers.every(
    (matcher) => matcher.name !== label || predicateOf(matcher)(value) !== false,
  );
}
