import type { LiveObject } from "../kubernetes/api-object.ts";
import { isMap, listAt, numberAt, textAt } from "../kubernetes/api-object.ts";
import type { MetricFamily, Sample } from "../telemetry/exposition/metric-family.ts";

/** What the statuses of fleets say, for alerts: conditions, and each server. */
export function fleetMetrics(fleets: Iterable<LiveObject>): MetricFamily[] {
  const conditions: Sample[] = [];
  const ready: Sample[] = [];
  const restarts: Sample[] = [];
  const outOfMemory: Sample[] = [];
  for (const fleet of fleets) {
    const { namespace = "", name } = fleet.metadata;
    const of = { namespace, fleet: name };
    for (const condition of listAt(fleet, "status", "conditions"))
      conditions.push({
        labels: { ...of, type: textAt(condition, "type") ?? "" },
        value: Number(textAt(condition, "status") === "True"),
      });
    for (const server of listAt(fleet, "status", "servers")) {
      const labels = { ...of, shard: textAt(server, "shard") ?? "", server: textAt(server, "name") ?? "" };
      ready.push({ labels, value: Number(/^(?:Ready|Healing)$/.test(textAt(server, "state") ?? "")) });
      restarts.push({ labels, value: numberAt(server, "restarts") ?? 0 });
      outOfMemory.push({ labels, value: Number(isMap(server) && server["outOfMemory"] === true) });
    }
  }
  return [
    gauge("fleet_condition", "Whether a condition of a fleet holds, as its status says.", conditions),
    gauge("server_ready", "Whether a server is ready.", ready),
    gauge(
      "server_restarts",
      "How often the server's container was started again, in the life of its pod.",
      restarts,
    ),
    gauge(
      "server_out_of_memory",
      "Whether the server's container was ended the last time because it needed more memory than its limit.",
      outOfMemory,
    ),
  ];
}

function gauge(name: string, help: string, samples: Sample[]): MetricFamily {
  return { kind: "gauge", name: `promfleet_operator_${name}`, help, samples };
}
