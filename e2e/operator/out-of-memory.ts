import { parse } from "yaml";
import { operatorRules } from "../../src/render/monitoring/operator-rules.ts";
import type { CheckContext } from "../harness/check.ts";
import { until } from "../harness/until.ts";
import { conditionOf, type FleetCluster } from "./fleet-cluster.ts";
import { serverUser } from "./server-user.ts";

/** Holds fifty million samples before it is refused, which are more bytes than the limit of the tests. */
const query = 'count_over_time(({__name__=~".+"})[20m:1ms])';
const alert = "PromfleetServerOutOfMemory";

/** A query drives a server out of its memory: it is restarted, named by status and alert, and nobody else notices. */
export async function claimOutOfMemory(fleet: FleetCluster, { report }: CheckContext): Promise<void> {
  const { groups } = parse(operatorRules()) as {
    groups: { name: string; rules: Record<string, unknown>[] }[];
  };
  await fleet.declare((spec) => {
    spec.rules = groups.map((group) => ({ ...group, interval: "2s" }));
    spec.scrapeConfigs.push({
      job_name: "operator",
      dns_sd_configs: [
        {
          names: ["promfleet-operator.promfleet-system.svc.cluster.local"],
          type: "A",
          port: 9391,
          refresh_interval: "5s",
        },
      ],
    });
  });
  await fleet.untilSettled();
  const service = await fleet.get<{ spec: { clusterIP: string } }>("service", "main-0-a");
  const url = `http://${service.spec.clusterIP}:9090/api/v1/query`;
  const user = await serverUser(fleet);
  const words = ["-sS", "-m", "60", "-o", "/dev/null", "-w", "%{http_code}", "-u", user];
  const began = performance.now();
  const said = await fleet.cluster
    .exec("curl", ...words, "--data-urlencode", `query=${query}`, url)
    .catch((error: unknown) => `broken off: ${String(error).slice(-80)}`);
  let told = "";
  const took = await until("status and alert name it", 90_000, async () => {
    const live = await fleet.fleet();
    const degraded = conditionOf(live, "Degraded");
    const firing = await fleet.value(`ALERTS{alertname="${alert}",alertstate="firing",server="main-0-a"}`);
    told = `${degraded?.reason}: ${degraded?.message}; ${firing === 1 ? "the alert fires" : "no alert"}`;
    return degraded?.reason === "OutOfMemory" && degraded.message.includes("main-0-a") && firing === 1;
  })
    .then(() => (performance.now() - began) / 1000)
    .catch(() => undefined);
  report.claim(
    "a server that is driven out of memory is started again, status and alert name it",
    took !== undefined && !said.startsWith("200"),
    `the query: ${said.trim()}; after ${took?.toFixed(1) ?? "-"} s ${told}`,
  );
}
