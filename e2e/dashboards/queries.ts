import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "../../src/promql/parse.ts";
import { metricName } from "../../src/promql/per-series.ts";
import { selectors } from "../../src/promql/selectors.ts";

/** What dashboards ask, in the order of their panels: one query a line, lines with # tell whose. */
export function dashboardQueries(name: "node-exporter" | "kubernetes"): string[] {
  const text = readFileSync(path.join(import.meta.dirname, `${name}.promql`), "utf8");
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/**
 * Metrics that queries read of recording rules which put targets together: their series have no instance that would tell where they
 * are, and a topology has to name them. Names of rules begin with the labels that are left.
 */
export function recordedOverTargets(queries: readonly string[]): string[] {
  const names = queries.flatMap((query) => {
    const expression = parse(query);
    return expression ? selectors(expression).map(metricName) : [];
  });
  const recorded = names.filter((name) => name?.includes(":") && !/^instance(_device)?:/.test(name));
  return [...new Set(recorded.filter((name) => name !== undefined))];
}
