import type { Cluster } from "../testbed/cluster.ts";
import { until } from "../harness/until.ts";
import { fleetObject, type FleetSpecDocument } from "./manifests.ts";

interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
}

/** What `kubectl get pfleet main` tells. */
export interface LiveFleet {
  metadata: { generation: number; uid: string };
  status?: {
    observedGeneration: number;
    conditions: Condition[];
    servers?: { name: string; state: string; upToDate: boolean }[];
  };
}

export interface LivePod {
  metadata: { name: string; uid: string; labels: Record<string, string>; deletionTimestamp?: string };
  spec: { nodeName?: string; containers: { image: string; args: string[] }[] };
  status: { phase: string; conditions?: { type: string; status: string }[]; podIP?: string };
}

export interface Images {
  prometheus: string;
  promfleet: string;
}

/** A fleet "main" on a cluster, as its users see it. */
export class FleetCluster {
  readonly cluster: Cluster;
  readonly images: Images;

  constructor(cluster: Cluster, images: Images) {
    this.cluster = cluster;
    this.images = images;
  }

  async kubectl(...words: readonly string[]): Promise<string> {
    return await this.cluster.exec("kubectl", ...words);
  }

  async get<Kind>(...words: readonly string[]): Promise<Kind> {
    return JSON.parse(await this.kubectl("get", "-n", "fleet", "-o", "json", ...words)) as Kind;
  }

  async fleet(): Promise<LiveFleet> {
    return await this.get<LiveFleet>("pfleet", "main");
  }

  async pods(component: "server" | "gateway"): Promise<LivePod[]> {
    const selector = `app.kubernetes.io/instance=main,app.kubernetes.io/component=${component}`;
    return (await this.get<{ items: LivePod[] }>("pods", "-l", selector)).items;
  }

  /** Declares it, changed as told. */
  async declare(change?: (spec: FleetSpecDocument) => void): Promise<void> {
    await this.cluster.apply([fleetObject(this.images, change)]);
  }

  /** @throws with what its status says when it is not so in time */
  async untilStatus(what: string, withinMs: number, holds: (fleet: LiveFleet) => boolean): Promise<number> {
    const began = performance.now();
    let last = "";
    await until(what, withinMs, async () => {
      const fleet = await this.fleet();
      last = JSON.stringify(fleet.status);
      return fleet.status?.observedGeneration === fleet.metadata.generation && holds(fleet);
    }).catch((error: unknown) => {
      throw new Error(`${error instanceof Error ? error.message : String(error)}; its status: ${last}`);
    });
    return (performance.now() - began) / 1000;
  }

  /** Rolled out: every server shows what is declared, has everything, and nothing is wrong. @returns s */
  async untilSettled(withinMs = 240_000): Promise<number> {
    return await this.untilStatus(
      "the fleet is as declared",
      withinMs,
      (fleet) =>
        conditionOf(fleet, "Progressing")?.reason === "Done" &&
        conditionOf(fleet, "Ready")?.status === "True",
    );
  }

  async gatewayUrl(): Promise<string> {
    const service = await this.get<{ spec: { clusterIP: string } }>("service", "main-gateway");
    return `http://${service.spec.clusterIP}:9390`;
  }

  /** The value of the first series of an instant query; undefined where it is not answered, or with nothing. */
  async value(query: string): Promise<number | undefined> {
    const url = await this.gatewayUrl();
    const said = await this.cluster
      .exec("curl", "-sS", "-m", "5", "--data-urlencode", `query=${query}`, `${url}/api/v1/query`)
      .catch(() => "{}");
    const answer = JSON.parse(said) as { data?: { result: { value: [number, string] }[] } };
    const value = answer.data?.result[0]?.value[1];
    return value === undefined ? undefined : Number(value);
  }
}

export function conditionOf(fleet: LiveFleet, type: string): Condition | undefined {
  return fleet.status?.conditions.find((one) => one.type === type);
}
