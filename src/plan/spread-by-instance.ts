import type { FleetSpec } from "../spec/fleet-spec.ts";
import { jobSources } from "./job-source.ts";
import { isWhole } from "./locality.ts";
import { RuleGraph } from "./rule-graph.ts";

/** What does not keep to it that all series of an instance are on the shard that owns its slot. */
export interface InstanceExceptions {
  exceptJobs: readonly string[];
  /** Recorded by the first shard alone. */
  exceptMetrics: readonly string[];
}

/** @returns undefined where series that do not keep to it can not be told by their job */
export function spreadByInstance(spec: FleetSpec): InstanceExceptions | undefined {
  const others = jobSources(spec).filter(({ locality }) => locality.spread !== "byInstance");
  if (others.some(({ job }) => job === undefined)) return undefined;
  const graph = new RuleGraph(spec);
  const recorded = spec.rules.flatMap(({ rules }) => rules).filter(({ kind }) => kind === "record");
  const onFirst = recorded.filter((rule) => isWhole(graph.localityOf(rule)));
  return {
    exceptJobs: others.flatMap(({ job }) => job ?? []),
    exceptMetrics: [...new Set(onFirst.map(({ name }) => name))],
  };
}
