import { setTimeout as pause } from "node:timers/promises";
import { type LiveObject, listAt, mapAt } from "../kubernetes/api-object.ts";
import { kindNamed, kinds } from "../kubernetes/resource-kinds.ts";
import type { FleetObjects, ServerOfFleet } from "./fleet-objects.ts";
import type { FleetScope } from "./fleet-scope.ts";
import { podView, touchAnnotation } from "./look-at-server.ts";
import type { Step } from "./next-step.ts";
import type { ObjectKeeper } from "./object-keeper.ts";
import {
  preflightAnnotation,
  preflightKey,
  preflightName,
  preflightObjects,
  type Verdict,
  verdictOf,
} from "./preflight.ts";
import { reload, shownGeneration } from "./prometheus-server.ts";
import type { ServerView } from "./server-view.ts";
import type { ServerViews } from "./server-views.ts";

/** ms for which a server is given time to show what it was told, within one reconcile. */
const proofTime = 4000;
const proofPoll = 100;

/** Does what is to be done about one server. */
export class ServerRollout {
  readonly #scope: FleetScope;
  readonly #keeper: ObjectKeeper;
  readonly #servers: ServerViews;

  constructor(scope: FleetScope, keeper: ObjectKeeper, servers: ServerViews) {
    this.#scope = scope;
    this.#keeper = keeper;
    this.#servers = servers;
  }

  /** @returns why a server refuses its configuration */
  async do(step: Step, objects: FleetObjects, signal: AbortSignal): Promise<string | undefined> {
    const { api, world, say, key } = this.#scope;
    const server = objects.servers.find(({ wanted }) => wanted.name === step.server);
    if (!server || step.do === "wait") return undefined;
    const pod = world.object(kinds.pod, this.#scope.namespace, `${step.server}-0`);
    const evict = async () => {
      if (!pod || pod.metadata.deletionTimestamp !== undefined) return;
      const left = await api.evict(this.#scope.ref(kinds.pod, pod.metadata.name), pod.metadata.uid, signal);
      say(
        left
          ? `${key}: ${step.server} is restarted`
          : `${key}: ${step.server} may not be restarted yet: its budget says so`,
      );
    };
    if (step.do === "create") await this.#keeper.keepAll([...server.secrets, server.statefulSet], signal);
    if (step.do === "restart" || step.do === "configure") await this.#keeper.keepAll(server.secrets, signal);
    if (step.do === "restart") await this.#keeper.keepStatefulSet(server.statefulSet, signal);
    if (step.do === "restart" || step.do === "evict") await evict();
    if (step.do === "configure" || step.do === "reload") return await this.#prove(server, pod, signal);
    return undefined;
  }

  /** Tries what a server is to become while it still runs. */
  async preflight(
    name: string,
    objects: FleetObjects,
    views: ReadonlyMap<string, ServerView>,
    signal: AbortSignal,
  ): Promise<Verdict> {
    const { api, world, say, key } = this.#scope;
    const server = objects.servers.find(({ wanted }) => wanted.name === name);
    if (!server) return { is: "pending" };
    const there = world.object(kinds.pod, this.#scope.namespace, preflightName(name));
    if (there?.metadata.annotations?.[preflightAnnotation] === preflightKey(server)) {
      const verdict = verdictOf(there, name);
      if (verdict.is === "good") await this.#refuseQuota(server, signal);
      return verdict;
    }
    if (there) {
      await api.delete(this.#scope.ref(kinds.pod, there.metadata.name), { uid: there.metadata.uid, signal });
      return { is: "pending" };
    }
    say(`${key}: what ${name} is to become is tried on its node`);
    for (const object of preflightObjects(server, views.get(name)?.pod?.node)) {
      const resource = kindNamed(object.apiVersion, object.kind);
      if (!resource) continue;
      const live = await api.apply(this.#scope.ref(resource, object.metadata.name), object, { signal });
      world.learn(resource, live);
    }
    return { is: "pending" };
  }

  /** What was tried is done, or not wanted any more. */
  async endPreflights(signal: AbortSignal): Promise<void> {
    const { api, world } = this.#scope;
    for (const resource of [kinds.pod, kinds.secret])
      for (const { metadata } of world.objectsOf(resource, this.#scope.namespace, this.#scope.name))
        if (
          metadata.annotations?.[preflightAnnotation] !== undefined &&
          metadata.deletionTimestamp === undefined
        )
          await api.delete(this.#scope.ref(resource, metadata.name), { uid: metadata.uid, signal });
  }

  /** Puts back what somebody has changed of a server that is up to date. */
  async keepUpToDate(
    server: ServerOfFleet,
    view: ServerView | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    if (view?.template !== server.wanted.template || view.secret !== server.wanted.generation) return;
    await this.#keeper.keepAll([...server.secrets, server.statefulSet], signal);
  }

  /** @throws ApiRefusal where a pod of the new kind would not be let in: quotas, Pod Security, webhooks */
  async #refuseQuota({ statefulSet, wanted }: ServerOfFleet, signal: AbortSignal): Promise<void> {
    const template = mapAt(statefulSet, "spec", "template");
    const spec = mapAt(template, "spec");
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        ...mapAt(template, "metadata"),
        name: `${wanted.name}-dry-run`,
        namespace: this.#scope.namespace,
      },
      // its claim is added by the set
      spec: { ...spec, volumes: [...listAt(spec, "volumes"), { name: "data", emptyDir: {} }] },
    };
    await this.#scope.api.create(
      this.#scope.ref(kinds.pod, pod.metadata.name),
      pod,
      { dryRun: true },
      signal,
    );
  }

  /** Has a server read its Secret, until it shows it, or refuses it, or the time of one reconcile is over. */
  async #prove(
    { wanted }: ServerOfFleet,
    pod: LiveObject | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { api, say, key } = this.#scope;
    const url = this.#servers.url(wanted.name);
    if (!pod || url === undefined) return undefined;
    const view = podView(pod);
    if (view.touched !== wanted.generation)
      await api.merge(
        this.#scope.ref(kinds.pod, pod.metadata.name),
        { metadata: { annotations: { [touchAnnotation]: wanted.generation } } },
        signal,
      );
    // one that starts reads it by itself
    if (!view.ready) return undefined;
    const until = performance.now() + proofTime;
    do {
      const refused = await reload(url, this.#servers.authorization).catch(() => undefined);
      if (refused !== undefined) return `${wanted.name} does not take its new configuration: ${refused}`;
      if ((await shownGeneration(url, this.#servers.authorization)) === wanted.generation) {
        this.#servers.hasShown(wanted.name, view, wanted.generation);
        say(`${key}: ${wanted.name} runs its new configuration`);
        return undefined;
      }
      await pause(proofPoll, undefined, { signal });
    } while (performance.now() < until);
    return undefined;
  }
}
