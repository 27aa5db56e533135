import { checkFlags } from "../local/check-flags.ts";
import { checkTls, refuseTlsOnKubernetes } from "../check/check-tls.ts";
import { checkedPlan } from "../check/checked-plan.ts";
import { findServerPrograms } from "../local/server-programs.ts";
import { planFleet } from "../plan/plan-fleet.ts";
import { parseFleet } from "../spec/parse-fleet.ts";
import type { Target } from "./render-fleet.ts";
import { readDeclaration } from "./read-declaration.ts";

/** What a valid declaration declares. */
export interface FoundFleet {
  fleet: string;
  shards: number;
  /** Of each shard. */
  replicas: number;
  /** Scrape configs; those that promfleet adds not counted. */
  jobs: number;
  rules: number;
  /** The version of the Prometheus that has checked it; null where none was asked. */
  prometheus: string | null;
}

/**
 * Checks a fleet.yaml.
 * @param quick leaves out what Prometheus itself has to say
 * @param target what it is to run on
 * @throws PromfleetError with everything that is wrong
 */
export async function checkDeclaration(
  file: string,
  quick: boolean,
  target: Target = "local",
): Promise<FoundFleet> {
  const { text, baseDir } = await readDeclaration(file);
  const { spec, positionOf } = parseFleet(text, file);
  const found = {
    fleet: spec.name,
    shards: spec.shards,
    replicas: spec.replicas,
    jobs: spec.scrapeConfigs.length,
    rules: spec.rules.reduce((count, { rules }) => count + rules.length, 0),
  };
  const checkFiles = async () => {
    if (target === "kubernetes") refuseTlsOnKubernetes(spec, positionOf);
    else await checkTls(spec, baseDir, positionOf);
  };
  if (quick) {
    planFleet(spec, positionOf);
    await checkFiles();
    return { ...found, prometheus: null };
  }
  const { prometheus, promtool, features } = await findServerPrograms(spec.prometheus, baseDir);
  await checkedPlan({ spec, positionOf, baseDir, promtool, features });
  await checkFiles();
  await checkFlags(prometheus.path, spec, features, positionOf);
  return { ...found, prometheus: prometheus.version };
}
