import { type LiveObject, mapAt, numberAt, textAt } from "../kubernetes/api-object.ts";
import { kinds } from "../kubernetes/resource-kinds.ts";
import type { FleetObjects } from "./fleet-objects.ts";
import type { FleetScope } from "./fleet-scope.ts";
import type { Findings } from "./fleet-status.ts";
import { followedTopology } from "./gateway-pod.ts";
import { podView, touchAnnotation } from "./look-at-server.ts";
import type { ObjectKeeper } from "./object-keeper.ts";

/** Keeps the gateways of a fleet, and tells them of the topology when every shard of it can answer. */
export class GatewayRollout {
  readonly #scope: FleetScope;
  readonly #keeper: ObjectKeeper;

  constructor(scope: FleetScope, keeper: ObjectKeeper) {
    this.#scope = scope;
    this.#keeper = keeper;
  }

  /** Writes what it finds into the findings. */
  async keep(objects: FleetObjects, findings: Findings, signal: AbortSignal): Promise<void> {
    const { api, world } = this.#scope;
    findings.gateways.wanted = objects.spec.gateway.replicas;
    const ready = (shard: string) =>
      objects.servers.some(
        ({ wanted }) => wanted.shard === shard && findings.views.get(wanted.name)?.pod?.ready === true,
      );
    // gateways that are there already are told of a shard when it can answer
    const isNew =
      world.object(kinds.deployment, this.#scope.namespace, `${this.#scope.name}-gateway`) === undefined;
    const areAll = objects.plan.shards.every(({ id }) => ready(id));
    for (const object of objects.gateway)
      if (object.kind !== "Secret" || isNew || areAll) await this.#keeper.keep(object, signal);
    const pods = [...world.objectsOf(kinds.pod, this.#scope.namespace, this.#scope.name)].filter(
      ({ metadata }) =>
        metadata.labels?.["app.kubernetes.io/component"] === "gateway" &&
        metadata.deletionTimestamp === undefined,
    );
    const views = pods.map(podView);
    findings.gateways.ready = views.filter((view) => view.ready).length;
    findings.gateways.current = isRolledOut(
      world.object(kinds.deployment, this.#scope.namespace, `${this.#scope.name}-gateway`),
      objects.spec.gateway.replicas,
    );
    findings.gateways.trouble = views.find(({ trouble }) => trouble !== undefined)?.trouble;
    if (!areAll) return;
    for (const view of views)
      if (view.touched !== objects.topology)
        await api.merge(
          this.#scope.ref(kinds.pod, view.name),
          { metadata: { annotations: { [touchAnnotation]: objects.topology } } },
          signal,
        );
  }

  /** Whether every gateway that answers goes by the topology of now. */
  async isFollowed(objects: FleetObjects): Promise<boolean> {
    const addresses = [...this.#scope.world.objectsOf(kinds.pod, this.#scope.namespace, this.#scope.name)]
      .filter(({ metadata }) => metadata.labels?.["app.kubernetes.io/component"] === "gateway")
      .filter((pod) => podView(pod).ready)
      .flatMap((pod) => textAt(pod, "status", "podIP") ?? []);
    const followed = await Promise.all(addresses.map(followedTopology));
    return followed.every((version) => version === undefined || version === objects.topology);
  }
}

/** Whether all of a Deployment's pods are of its template, and ready. */
function isRolledOut(deployment: LiveObject | undefined, replicas: number): boolean {
  const status = mapAt(deployment, "status");
  return (
    (numberAt(status, "observedGeneration") ?? 0) >= (deployment?.metadata.generation ?? 1) &&
    ["replicas", "updatedReplicas", "readyReplicas"].every((key) => numberAt(status, key) === replicas)
  );
}
