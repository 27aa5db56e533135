import path from "node:path";
import type { AcceptedFleet } from "../local/accepted-fleet.ts";
import { buildFleet } from "../local/fleet-build.ts";
import type { ServerStatus, StatusDocument } from "../local/status-document.ts";
import type { ChosenFleet } from "./chosen-fleet.ts";

/** What to tell somebody whose fleet has just come up: where it is, what it does, what to try. */
export function summary(
  status: StatusDocument,
  { accepted }: Pick<ChosenFleet, "accepted">,
  isMeant: boolean,
  bold: (text: string) => string,
): string {
  const { spec } = buildFleet(accepted, undefined).plan;
  const jobs = jobNames(accepted);
  const { gateway, servers, evaluator, fleet, state } = status;
  const self = commandName();
  const where = isMeant ? "" : ` --state ${state}`;
  const width = Math.max(...[...servers, evaluator].map(({ name }) => name.length));
  return `
${bold(`${fleet} is up: ${gateway}`)}

${[...servers, evaluator].map(({ name, url }) => `  ${name.padEnd(width)}  ${url ?? "-"}`).join("\n")}

  ${plural(spec.shards, "shard")} × ${plural(spec.replicas, "replica")} of Prometheus ${accepted.prometheus.version}, scraping ${plural(targetsOf(servers), "target")}${jobs.length > 0 ? ` of ${plural(jobs.length, "job")}: ${jobs.join(", ")}` : ""}
  data and logs in ${state}

Three things to try:
  curl ${gateway.startsWith("https:") ? "-sk" : "-s"} '${gateway}/api/v1/query' --data-urlencode 'query=sum by (job) (up)'
  ${self} server kill ${servers[0]?.name ?? ""}${where}   # and ask again: nothing is missing
  ${self} status${where}

Grafana takes ${gateway} as a Prometheus data source. ${self} down${where} ends it; the data stays.
`;
}

/** The jobs of a fleet, its own among them. */
export function jobNames(accepted: AcceptedFleet): string[] {
  const { scrapeConfigs, monitoring } = buildFleet(accepted, undefined).plan.spec;
  return [
    ...scrapeConfigs.map(({ jobName }) => jobName),
    ...(monitoring.fleet ? ["promfleet"] : []),
    ...(monitoring.node ? ["node"] : []),
    ...(monitoring.demo > 0 ? ["demo"] : []),
  ];
}

/** Each shard's once, not each replica's. */
function targetsOf(servers: readonly ServerStatus[]): number {
  const largest = new Map<string, number>();
  for (const { shard, targets } of servers) {
    const count = targets ? targets.up + targets.down + targets.unknown : 0;
    largest.set(shard, Math.max(largest.get(shard) ?? 0, count));
  }
  return [...largest.values()].reduce((sum, count) => sum + count, 0);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** How this program is called here: by its name, or in a checkout by the script. */
function commandName(): string {
  const main = process.argv[1] ?? "";
  const source = path.join("src", "cli", "main.ts");
  return main.endsWith(source)
    ? path.relative(process.cwd(), path.join(main.slice(0, -source.length), "bin", "promfleet"))
    : "promfleet";
}
