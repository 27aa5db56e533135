import { refuseTlsOnKubernetes } from "../check/check-tls.ts";
import { checkedPlan } from "../check/checked-plan.ts";
import { checkFlags } from "../local/check-flags.ts";
import { findServerPrograms } from "../local/server-programs.ts";
import { serverVersion } from "../operator/fleet-objects.ts";
import { prometheusFeatures } from "../plan/prometheus-version.ts";
import { parseFleet } from "../spec/parse-fleet.ts";

/**
 * Prometheus' own word on declarations, by the programs that are at hand: those of another version say what theirs would.
 * @returns the version at hand @throws PromfleetError PROGRAM_MISSING
 */
export async function declarationCheck(): Promise<{
  check: (declaration: string) => Promise<void>;
  prometheus: string;
}> {
  const { prometheus, promtool } = await findServerPrograms({ version: undefined, binary: undefined }, "/");
  return {
    prometheus: prometheus.version,
    async check(declaration) {
      const { spec, positionOf } = parseFleet(declaration, "PrometheusFleet");
      refuseTlsOnKubernetes(spec, positionOf);
      const version = serverVersion(spec.prometheus.version, prometheus.version);
      const features = prometheusFeatures(version);
      await checkedPlan({ spec, positionOf, baseDir: "/etc/prometheus", promtool, features });
      if (version === prometheus.version) await checkFlags(prometheus.path, spec, features, positionOf);
    },
  };
}
