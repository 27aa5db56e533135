import type { Matcher, VectorSelector } from "../../promql/expression.ts";
import { metricName } from "../../promql/per-series.ts";
import { matchesRegex } from "../../plan/regex-match.ts";
import type { SelectorLocality } from "../../plan/rule-locality.ts";
import type { Topology } from "../../topology/topology.ts";

/** Metrics that several shards may have alike: rules that are evaluated everywhere may alert everywhere. */
const alerts = ["ALERTS", "ALERTS_FOR_STATE"];

/** Where the series of a selector are, as far as a topology tells: no series is on two shards, but for jobs that all of them scrape. */
export function fleetLocality({
  onEveryShard,
  spreadByInstance,
}: Pick<Topology, "onEveryShard" | "spreadByInstance">): SelectorLocality {
  return (selector) => {
    if (alerts.some((name) => mayHave(selector, "__name__", name)))
      return { spread: "all", why: "alerts may be the same on several shards" };
    const shared = onEveryShard.filter((job) => mayHave(selector, "job", job));
    const [job] = shared;
    if (job !== undefined) {
      if (selector.matchers.some(({ name, op, value }) => name === "job" && op === "=" && value === job))
        return { spread: "everywhere" };
      return { spread: "all", why: `it may read job ${JSON.stringify(job)}, which is on every shard` };
    }
    if (spreadByInstance && isByInstance(selector, spreadByInstance)) return { spread: "byInstance" };
    return { spread: "disjoint", why: "its labels do not tell on which shard a series is" };
  };
}

/** Whether all series that a selector can read are on the shard that their instance says. */
function isByInstance(
  selector: VectorSelector,
  { exceptJobs, exceptMetrics }: NonNullable<Topology["spreadByInstance"]>,
): boolean {
  return (
    !exceptJobs.some((job) => mayHave(selector, "job", job)) &&
    !exceptMetrics.some((name) => mayHave(selector, "__name__", name))
  );
}

/** Whether series with this value of a label can be among those selected, as far as its matchers tell. */
function mayHave(selector: VectorSelector, label: string, value: string): boolean {
  if (label === "__name__") {
    const name = metricName(selector);
    if (name !== undefined) return name === value;
  }
  return selector.matchers.every((matcher) => matcher.name !== label || mayMatch(matcher, value));
}

function mayMatch({ op, value: wanted }: Matcher, value: string): boolean {
  if (op === "=") return value === wanted;
  if (op === "!=") return value !== wanted;
  const matches = matchesRegex(wanted, value);
  return matches === undefined || matches === (op === "=~");
}

/** The instances that a selector can read, where its matchers name them; undefined where they do not. */
export function instancesOf({ matchers }: VectorSelector): string[] | undefined {
  for (const { name, op, value } of matchers) {
    if (name !== "instance" || value === "") continue;
    if (op === "=") return [value];
    const named = op === "=~" ? alternatives(value) : undefined;
    if (named) return named;
  }
  return undefined;
}

/** Of a regular expression that is a list of texts, as dashboards make them; undefined where it is another one. */
function alternatives(regex: string): string[] | undefined {
  const inner = /^\((.*)\)$/s.exec(regex)?.[1] ?? regex;
  const texts: string[] = [""];
  for (let at = 0; at < inner.length; at++) {
    const character = inner[at] ?? "";
    if (character === "|") texts.push("");
    else if (character === "\\") {
      const escaped = inner[++at] ?? "";
      // \d and the like are no texts
      if (!/^[^\w\s]$/.test(escaped)) return undefined;
      texts.push(`${texts.pop() ?? ""}${escaped}`);
    } else if (/[\w:/@ -]/.test(character)) texts.push(`${texts.pop() ?? ""}${character}`);
    else return undefined;
  }
  return texts.includes("") ? undefined : texts;
}
