import type { FleetPlan, ServerPlan } from "../plan/fleet-plan.ts";
import type { RenderedFile } from "./rendered-file.ts";
import { contentHash, ruleFiles } from "./rule-files.ts";
import { type ConfigSurroundings, serverConfig } from "./server-config.ts";
import { yamlText } from "../spec/yaml-text.ts";

/** The configuration of one server: the files of its folder. */
export interface RenderedServer {
  server: ServerPlan;
  /** `servers/<name>` */
  folder: string;
  /** `servers/<name>/prometheus.yml` */
  configFile: string;
  /**
   * Stands in the configuration as a glob among rule_files that matches nothing, so that /api/v1/status/config proves which
   * configuration the server really runs. The same on all replicas of a shard.
   */
  generation: string;
  files: readonly RenderedFile[];
}

/**
 * Every server's configuration: prometheus.yml and rule files, alike on the replicas of a shard but for the replica label of
 * remote_write. File names inside are absolute, or relative to the folder. May hold the secrets of the spec.
 */
export function renderServers(plan: FleetPlan, surroundings: ConfigSurroundings): RenderedServer[] {
  return plan.servers.map((server) => renderServer(plan, server, surroundings));
}

/** How the generation stands among rule_files. */
export function generationGlob(generation: string): string {
  return `generation-${generation}*.yml`;
}

function renderServer(plan: FleetPlan, server: ServerPlan, surroundings: ConfigSurroundings): RenderedServer {
  const shard = plan.shards.find(({ id }) => id === server.shard);
  if (!shard) throw new Error(`server ${server.name} belongs to no shard of the plan`);
  const rules = ruleFiles(shard.rules);
  const ruleNames = rules.map(({ name }) => name);
  const common = serverConfig(plan, shard, "", surroundings);
  const generation = contentHash(yamlText({ ...common, rule_files: ruleNames }));
  const config = {
    ...serverConfig(plan, shard, server.replica, surroundings),
    rule_files: [...ruleNames, generationGlob(generation)],
  };
  const folder = `servers/${server.name}`;
  const configFile = `${folder}/prometheus.yml`;
  const files = [
    { path: configFile, content: yamlText(config), mode: 0o600 },
    ...rules.map(({ name, content }) => ({ path: `${folder}/${name}`, content, mode: 0o600 })),
  ];
  return { server, folder, configFile, generation, files };
}
