import type { CheckContext } from "../harness/check.ts";
import { until } from "../harness/until.ts";
import type { FleetCluster } from "./fleet-cluster.ts";
import type { OperatorPods } from "./operator-pods.ts";

interface Loss {
  what: string;
  strike: (fleet: FleetCluster, operators: OperatorPods) => Promise<void>;
}

const losses: readonly Loss[] = [
  {
    what: "a server's pod is deleted without grace",
    strike: async (fleet) =>
      void (await fleet.kubectl("delete", "pod", "-n", "fleet", "main-0-a-0", "--grace-period=0", "--force")),
  },
  {
    what: "a server's process is killed",
    strike: async (fleet) => await fleet.cluster.killContainer("main-1-b-0", "prometheus"),
  },
  {
    what: "a gateway's pod is deleted",
    strike: async (fleet) => {
      const [first] = await fleet.pods("gateway");
      if (first) await fleet.kubectl("delete", "pod", "-n", "fleet", first.metadata.name);
    },
  },
  {
    what: "the operator that leads is killed",
    strike: async (_, operators) => await operators.kill(await operators.leader()),
  },
  {
    what: "a node is drained",
    strike: async (fleet) => {
      const node =
        (await fleet.pods("server")).find(({ metadata }) => metadata.name === "main-0-b-0")?.spec.nodeName ??
        "";
      const drain = [
        "drain",
        node,
        "--ignore-daemonsets",
        "--delete-emptydir-data",
        "--force",
        "--timeout=120s",
      ];
      await fleet.kubectl(...drain).catch(() => undefined);
      await fleet.kubectl("uncordon", node);
    },
  },
  {
    what: "a kubelet is stopped and started",
    strike: async (fleet) => await fleet.cluster.restart("kubelet-2"),
  },
  {
    what: "the API server is killed and started",
    strike: async (fleet) => await fleet.cluster.restart("apiserver"),
  },
  { what: "etcd is killed and started", strike: async (fleet) => await fleet.cluster.restart("etcd") },
];

/** Every kind of loss, one after the other, each when the fleet has everything again. */
export async function claimLosses(
  fleet: FleetCluster,
  operators: OperatorPods,
  { report }: CheckContext,
): Promise<void> {
  for (const { what, strike } of losses) {
    await strike(fleet, operators);
    await until(
      "the API server answers",
      60_000,
      async () => (await fleet.kubectl("get", "--raw", "/readyz")) === "ok",
    );
    // what the status said before is no word on what has happened since
    await operators.untilLooked();
    const took = await fleet.untilSettled();
    await operators.metrics();
    report.claim(`${what}: the fleet is whole again`, took > 0, `${took.toFixed(1)} s`);
  }
}
