import type { RenderedFile } from "../render/rendered-file.ts";
import { gatewayUrl } from "./desired-processes.ts";
import type { FleetBuild } from "./fleet-build.ts";
import { loopback, type Ports } from "./fleet-ports.ts";
import { memberNames } from "./member-names.ts";

interface TargetGroup {
  targets: readonly string[];
  labels: Readonly<Record<string, string>>;
}

/**
 * What the fleet's own jobs scrape, as file_sd reads it. Everybody is `instance` by name: ports may change, series and shards must
 * not.
 * @param evaluatorUrl undefined until the gateway has started one
 * @param hostname of this machine
 * @returns files of `targets/` in every server's folder, paths relative to the server's folder
 */
export function targetFiles(
  { plan }: FleetBuild,
  ports: Ports,
  evaluatorUrl: string | undefined,
  hostname: string,
): RenderedFile[] {
  const { monitoring, name } = plan.spec;
  const names = memberNames(name);
  const at = (process: string, index = 0) => `${loopback}:${ports[process]?.[index] ?? 0}`;
  const gateway = gatewayUrl(plan.spec.gateway, ports[names.gateway]?.[0] ?? 0);
  const files: RenderedFile[] = [];
  const add = (file: string, groups: readonly TargetGroup[]) =>
    files.push({
      path: `targets/${file}.json`,
      content: `${JSON.stringify(groups, null, 2)}\n`,
      mode: 0o600,
    });
  if (monitoring.fleet)
    add("fleet", [
      ...plan.servers.map((server) => group(at(server.name), server.name, "server")),
      gatewayGroup(gateway, names.gateway),
      ...(evaluatorUrl === undefined
        ? []
        : [group(new URL(evaluatorUrl).host, names.evaluator, "evaluator")]),
    ]);
  if (monitoring.node) add("node", [{ targets: [at(names.node)], labels: { instance: hostname } }]);
  if (monitoring.demo > 0)
    add(
      "demo",
      Array.from({ length: monitoring.demo }, (_, index) => ({
        targets: [at(names.demo, index)],
        labels: { instance: `shop-${index}` },
      })),
    );
  return files;
}

function group(target: string, instance: string, component: string): TargetGroup {
  return { targets: [target], labels: { instance, component } };
}

function gatewayGroup(url: string, instance: string): TargetGroup {
  const { host, protocol } = new URL(url);
  const { targets, labels } = group(host, instance, "gateway");
  return { targets, labels: { ...labels, ...(protocol === "https:" && { __scheme__: "https" }) } };
}
