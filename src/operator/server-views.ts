import { healingTerms } from "../heal/healing-terms.ts";
import { textAt } from "../kubernetes/api-object.ts";
import { kinds } from "../kubernetes/resource-kinds.ts";
import { generationAnnotation } from "../render/kubernetes/config-secrets.ts";
import { type FleetObjects, templateAnnotation } from "./fleet-objects.ts";
import type { FleetScope } from "./fleet-scope.ts";
import { lifeOf, podView } from "./look-at-server.ts";
import type { HealCandidate, OperatorHealer } from "./operator-healer.ts";
import { shownGeneration } from "./prometheus-server.ts";
import type { PodView, ServerView } from "./server-view.ts";

/** Looks at the servers of a fleet: what the API server has of them, and what they show themselves. */
export class ServerViews {
  readonly #scope: FleetScope;
  readonly #healer: OperatorHealer;
  /** Which generation a life of a server has shown. */
  readonly #shown = new Map<string, { life: string; generation: string }>();
  /** The header by which the servers know who asks. */
  authorization = "";

  constructor(scope: FleetScope, healer: OperatorHealer) {
    this.#scope = scope;
    this.#healer = healer;
  }

  /** A server has shown a generation. */
  hasShown(name: string, pod: PodView, generation: string): void {
    this.#shown.set(name, { life: lifeOf(pod), generation });
  }

  /** Base URL of a server; undefined while it has no address. */
  url(server: string): string | undefined {
    const service = this.#scope.world.object(kinds.service, this.#scope.namespace, server);
    const address = textAt(service, "spec", "clusterIP");
    return address === undefined || address === "None"
      ? undefined
      : `http://${address.includes(":") ? `[${address}]` : address}:9090`;
  }

  /** All of them; those that are ready are given what they missed. */
  async look(objects: FleetObjects): Promise<Map<string, ServerView>> {
    const { world } = this.#scope;
    const pods = new Map(
      [...world.objectsOf(kinds.pod, this.#scope.namespace, this.#scope.name)].map((pod) => [
        pod.metadata.name,
        pod,
      ]),
    );
    const ready: HealCandidate[] = [];
    const views = await Promise.all(
      objects.servers.map(async ({ wanted: { name, shard }, replica }): Promise<ServerView> => {
        const set = world.object(kinds.statefulSet, this.#scope.namespace, name);
        const secret = world.object(kinds.secret, this.#scope.namespace, name);
        const live = pods.get(`${name}-0`);
        const pod = live && podView(live);
        const url = this.url(name);
        const generation = secret?.metadata.annotations?.[generationAnnotation];
        let shown: string | undefined;
        if (pod?.ready && !pod.leaving && url !== undefined) {
          const life = lifeOf(pod);
          const known = this.#shown.get(name);
          shown =
            known?.life === life && known.generation === generation
              ? generation
              : await shownGeneration(url, this.authorization);
          if (shown !== undefined) this.#shown.set(name, { life, generation: shown });
          ready.push({
            name,
            url,
            authorization: this.authorization,
            shard,
            life,
            since: Date.parse(pod.startedAt ?? "") || 0,
          });
        }
        return {
          name,
          shard,
          replica,
          template: set?.metadata.annotations?.[templateAnnotation],
          secret: generation,
          pod,
          shown,
          healed: pod !== undefined && this.#healer.isWhole(name, lifeOf(pod)),
        };
      }),
    );
    this.#healer.look(ready, objects.spec.replicas, healingTerms(objects));
    for (const view of views) if (view.pod) view.healed = this.#healer.isWhole(view.name, lifeOf(view.pod));
    return new Map(views.map((view) => [view.name, view]));
  }
}
