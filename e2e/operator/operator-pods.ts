import { type Call, callsIn, callText, granted } from "../chart/granted.ts";
import { cachedProgram } from "../harness/programs.ts";
import { checkout } from "../harness/workplace.ts";
import path from "node:path";
import type { Cluster } from "../testbed/cluster.ts";
import { until } from "../harness/until.ts";

const namespace = "promfleet-system";
const selector = "app.kubernetes.io/name=promfleet,app.kubernetes.io/component=operator";

/** What servers may read that discover: nobody can give what he does not have. */
const passedOn = new Set(
  ["pods", "services", "endpoints", "endpointslices.discovery.k8s.io", "ingresses.networking.k8s.io"].flatMap(
    (resource) => ["get", "list", "watch"].map((verb) => `${verb} ${resource}`),
  ),
);

/** The operators of the chart. */
export class OperatorPods {
  readonly #cluster: Cluster;
  /** What they have called, as far as their metrics were looked at. */
  readonly #calls = new Map<string, Call>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Installs the chart, as its users do. */
  async install(image: string): Promise<void> {
    const [repository = "", tag = ""] = image.split(":");
    await this.#cluster.exec(
      cachedProgram("helm"),
      "install",
      "promfleet",
      path.join(checkout, "charts/promfleet"),
      "--namespace",
      namespace,
      "--create-namespace",
      "--set",
      `image.repository=${repository},image.tag=${tag}`,
    );
  }

  async names(): Promise<string[]> {
    const found = await this.#kubectl(
      "get",
      "pods",
      "-l",
      selector,
      "-o",
      "jsonpath={.items[*].metadata.name}",
    );
    return found.split(" ").filter((name) => name !== "");
  }

  async image(): Promise<string> {
    return await this.#kubectl(
      "get",
      "pods",
      "-l",
      selector,
      "-o",
      "jsonpath={.items[0].spec.containers[0].image}",
    );
  }

  /** The pod that holds the lease. */
  async leader(): Promise<string> {
    return await until("an operator leads", 60_000, async () => {
      const holder = await this.#kubectl(
        "get",
        "lease",
        "promfleet-operator",
        "-o",
        "jsonpath={.spec.holderIdentity}",
      );
      const pod = holder.split("_")[0] ?? "";
      return (await this.names()).includes(pod) && pod;
    });
  }

  /** Waits until the one that leads has looked at the fleets, from now on. */
  async untilLooked(): Promise<void> {
    const count = async () => (await this.metrics()).get("promfleet_operator_reconciles_total") ?? 0;
    let before: { leader: string; count: number } | undefined;
    await until("the operator has looked", 120_000, async () => {
      const leader = await this.leader();
      const now = await count();
      if (before?.leader !== leader) before = { leader, count: now };
      return now > before.count;
    });
  }

  /** What the chart lets them do that none of them has done, and what they have done that it does not let them. */
  async rightsAndCalls(): Promise<{ unused: string[]; beyond: string[] }> {
    await this.metrics();
    const roles = ["clusterrole/promfleet-operator", "role/promfleet-operator-leader"];
    const objects = await Promise.all(
      roles.map(async (role) => JSON.parse(await this.#kubectl("get", role, "-o", "json")) as unknown),
    );
    const rights = new Set(granted(objects).map(callText));
    return {
      unused: [...rights].filter((right) => !this.#calls.has(right) && !passedOn.has(right)),
      beyond: [...this.#calls.keys()].filter((call) => !rights.has(call)),
    };
  }

  /** Takes it away without a word. */
  async kill(pod: string): Promise<void> {
    await this.metrics();
    await this.#kubectl("delete", "pod", pod, "--grace-period=0", "--force");
  }

  async logs(): Promise<string> {
    return await this.#kubectl("logs", "-l", selector, "--tail=-1", "--prefix");
  }

  /** What the leading one counts, by metric and labels. */
  async metrics(): Promise<Map<string, number>> {
    const pod = await this.leader();
    const address = await this.#kubectl("get", "pod", pod, "-o", "jsonpath={.status.podIP}");
    const said = await this.#cluster.exec("curl", "-sS", "-m", "5", `http://${address}:9391/metrics`);
    for (const call of callsIn(said)) this.#calls.set(callText(call), call);
    return new Map(
      said
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("#"))
        .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
    );
  }

  async #kubectl(...words: readonly string[]): Promise<string> {
    return await this.#cluster.exec("kubectl", "-n", namespace, ...words);
  }
}
