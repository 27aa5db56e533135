import { setTimeout as pause } from "node:timers/promises";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { healingTerms } from "../heal/healing-terms.ts";
import type { ApiClient } from "../kubernetes/api-client.ts";
import {
  type LiveObject,
  listAt,
  mapAt,
  numberAt,
  type OwnerReference,
  type ResourceKind,
  textAt,
} from "../kubernetes/api-object.ts";
import { isRefusal } from "../kubernetes/api-refusal.ts";
import { appliedAnnotation, contentOf, differenceIn } from "../kubernetes/object-difference.ts";
import { kindNamed, kinds } from "../kubernetes/resource-kinds.ts";
import { evenOwners } from "../plan/slots.ts";
import { parseDuration } from "../promql/duration.ts";
import { generationAnnotation } from "../render/kubernetes/config-secrets.ts";
import { declarationOf, declaredSpec } from "./declared-fleet.ts";
import {
  type FleetObjects,
  fleetObjects,
  type OwnedObject,
  type ServerOfFleet,
  templateAnnotation,
} from "./fleet-objects.ts";
import { type FleetState, parseState, printState, stateKey, stateName, withShards } from "./fleet-state.ts";
import { type Findings, fleetStatus, saysTheSame } from "./fleet-status.ts";
import { KeptSecret } from "./kept-secret.ts";
import { authorizationOf, credentialsName, newCredentials, readCredentials } from "./fleet-credentials.ts";
import { shardLabel } from "../render/kubernetes/kubernetes-object.ts";
import type { ServerCredentials } from "../render/kubernetes/server-credentials.ts";
import { lifeOf, podView, touchAnnotation } from "./look-at-server.ts";
import { areSettled, nextSteps, type Step } from "./next-step.ts";
import { type HealCandidate, OperatorHealer } from "./operator-healer.ts";
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
import { planVolumes, refusedVolumes, type VolumePlan } from "./volumes.ts";
import { followedTopology } from "./gateway-pod.ts";
import { comparable, prunedKinds, type World } from "./world.ts";

export interface ReconcilerOptions {
  api: ApiClient;
  world: World;
  /** "namespace/name" */
  key: string;
  versions: { promfleet: string; prometheus: string };
  /** Lets Prometheus itself read what is declared. @throws PromfleetError with what it refuses */
  check: (declaration: string) => Promise<void>;
  /** Has it reconciled again. */
  again: () => void;
  say: (sentence: string) => void;
  /** For people who look at the object. */
  tell: (fleet: LiveObject, type: "Normal" | "Warning", reason: string, message: string) => Promise<void>;
  over: AbortSignal;
}

/** ms after which a fleet that is on its way, and one that is done, is looked at again without anything having happened. */
const soon = 1000;
const later = 30_000;
/** ms for which a server is given time to show what it was told, within one reconcile. */
const proofTime = 4000;
const proofPoll = 100;
/** ms after which what the API server has refused of volumes is tried again. */
const refusedFor = 60_000;

/** Everything about one fleet. Each reconcile is: read, compute, apply, report; it can be ended between any two calls. */
export class FleetReconciler {
  readonly #options: ReconcilerOptions;
  readonly #namespace: string;
  readonly #name: string;
  readonly #healer: OperatorHealer;
  /** Declarations that were checked, and what was said against them. */
  #checked: { declaration: string; refused: PromfleetError | undefined } | undefined;
  /** What a server itself has refused: not tried again. */
  #refusedBy: { declaration: string; message: string } | undefined;
  /** Which generation a life of a server has shown. */
  readonly #shown = new Map<string, { life: string; generation: string }>();
  #lastReport = "";
  #volumesRefused: { size: string; why: string; until: number } | undefined;
  /** The header by which the servers know the operator. */
  #authorization = "";
  readonly #stateSecret: KeptSecret;
  readonly #credentialsSecret: KeptSecret;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    const slash = options.key.indexOf("/");
    this.#namespace = options.key.slice(0, slash);
    this.#name = options.key.slice(slash + 1);
    const { api, world } = options;
    this.#stateSecret = new KeptSecret(api, world, this.#namespace, stateName(this.#name));
    this.#credentialsSecret = new KeptSecret(api, world, this.#namespace, credentialsName(this.#name));
    this.#healer = new OperatorHealer(options.again, options.say, options.over);
  }

  /** @returns ms until the next look; undefined where there is nothing to look after @throws PromfleetError */
  async reconcile(signal: AbortSignal): Promise<number | undefined> {
    const { world } = this.#options;
    const fleet = world.fleet(this.#namespace, this.#name);
    // what it owned goes with it
    if (!fleet || fleet.metadata.deletionTimestamp !== undefined) return undefined;
    const findings: Findings = {
      refused: undefined,
      trouble: undefined,
      objects: undefined,
      views: new Map(),
      steps: [],
      settled: false,
      gateways: { wanted: 0, ready: 0, current: false, trouble: undefined },
    };
    try {
      await this.#converge(fleet, findings, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof PromfleetError)) throw error;
      findings.trouble = {
        reason: isRefusal(error, 403, 422) ? "Refused" : "ApplyFailed",
        message: firstLine(error),
      };
      await this.#report(fleet, findings, signal);
      throw error;
    }
    await this.#report(fleet, findings, signal);
    return findings.settled ? later : soon;
  }

  async #converge(fleet: LiveObject, findings: Findings, signal: AbortSignal): Promise<void> {
    const state = await this.#state(fleet, signal);
    const declaration = declarationOf(fleet);
    findings.refused = await this.#refusal(declaration);
    const target = findings.refused ? state.accepted : declaration;
    if (target === undefined) return;
    const owner: OwnerReference = {
      apiVersion: fleet.apiVersion,
      kind: fleet.kind,
      name: fleet.metadata.name,
      uid: fleet.metadata.uid,
      controller: true,
      blockOwnerDeletion: false,
    };
    const declared = declaredSpec(target);
    const volumes = await this.#volumes(declared.prometheus.storage.size, signal);
    if (volumes.trouble !== undefined)
      findings.trouble = { reason: "VolumeNotAsDeclared", message: volumes.trouble };
    const storage = { ...declared.prometheus.storage, size: volumes.size };
    const spec = { ...declared, prometheus: { ...declared.prometheus, storage } };
    const retention = parseDuration(spec.prometheus.retention) ?? Number.POSITIVE_INFINITY;
    const before = state.accepted === undefined ? 0 : declaredSpec(state.accepted).shards;
    const now = withShards(state, {
      shards: spec.shards,
      now: Date.now(),
      retention,
      hasServed: (shard) => Number(shard) < before || this.#isReadySomewhere(shard),
    });
    const credentials = await this.#credentials(fleet, owner, signal);
    this.#authorization = authorizationOf(credentials);
    const objects = fleetObjects({
      credentials,
      spec,
      state: now,
      namespace: this.#namespace,
      owner,
      versions: this.#options.versions,
    });
    findings.objects = objects;
    await this.#saveState(fleet, state, now, owner, signal);
    for (const object of [...objects.rights, ...objects.servers.map(({ service }) => service)])
      await this.#keep(object, signal);
    findings.views = await this.#views(objects);
    const wanted = objects.servers.map((one) => one.wanted);
    findings.steps = nextSteps(wanted, findings.views);
    for (const step of findings.steps) {
      if (step.do === "restart" && findings.views.get(step.server)?.pod?.ready === true) {
        const verdict = await this.#preflight(step.server, objects, findings.views, signal);
        if (verdict.is === "bad") findings.refused = { reason: "PreflightFailed", message: verdict.message };
        if (verdict.is !== "good") continue;
      }
      const refused = await this.#do(step, objects, signal);
      if (refused === undefined) continue;
      this.#refusedBy = { declaration: target, message: refused };
      findings.refused = { reason: "ConfigRefused", message: refused };
      this.#options.say(`${this.#options.key}: ${refused}; it gets back what it had`);
      this.#options.again();
      return;
    }
    // those whose turn it is not keep to what they have; labels and the like are everybody's
    for (const server of objects.servers)
      await this.#keepUpToDate(server, findings.views.get(server.wanted.name), signal);
    await this.#gateways(objects, findings, signal);
    findings.views = await this.#views(objects);
    if (!findings.steps.some((step) => step.do === "restart")) await this.#endPreflights(signal);
    // whoever is removed is asked by nobody any more
    const isFollowed = await this.#isFollowed(objects);
    findings.settled =
      areSettled(wanted, findings.views) &&
      findings.gateways.current &&
      isFollowed &&
      findings.steps.length === 0;
    if (isFollowed) await this.#prune(objects, fleet, signal);
    if (findings.settled && !findings.refused && now.accepted !== declaration)
      await this.#saveState(fleet, now, { ...now, accepted: declaration }, owner, signal);
  }

  #isReadySomewhere(shard: string): boolean {
    const pods = this.#options.world.objectsOf(kinds.pod, this.#namespace, this.#name);
    return [...pods].some((pod) => pod.metadata.labels?.[shardLabel] === shard && podView(pod).ready);
  }

  /** Has the claims grow. */
  async #volumes(declared: string, signal: AbortSignal): Promise<VolumePlan> {
    const { api, world, say, key } = this.#options;
    const claims = new Map(
      [...world.objectsOf(kinds.claim, this.#namespace, this.#name)].map((claim) => [
        claim.metadata.name,
        textAt(claim, "spec", "resources", "requests", "storage") ?? "0",
      ]),
    );
    const plan = planVolumes(declared, claims);
    const refused = this.#volumesRefused;
    if (plan.grow.length > 0 && refused?.size === declared && performance.now() < refused.until)
      return refusedVolumes(declared, claims, refused.why);
    for (const name of plan.grow)
      try {
        const patch = { spec: { resources: { requests: { storage: declared } } } };
        world.learn(kinds.claim, await api.merge(this.#ref(kinds.claim, name), patch, signal));
        say(`${key}: claim ${name} grows to ${declared}`);
      } catch (error) {
        if (!isRefusal(error, 403, 422)) throw error;
        this.#volumesRefused = { size: declared, why: error.said, until: performance.now() + refusedFor };
        return refusedVolumes(declared, claims, error.said);
      }
    return plan;
  }

  /** Why a declaration is not rolled out. */
  async #refusal(declaration: string): Promise<Findings["refused"]> {
    if (this.#refusedBy?.declaration === declaration)
      return { reason: "ConfigRefused", message: this.#refusedBy.message };
    if (this.#checked?.declaration !== declaration) {
      let refused: PromfleetError | undefined;
      try {
        declaredSpec(declaration);
        await this.#options.check(declaration);
      } catch (error) {
        if (!(error instanceof PromfleetError)) throw error;
        refused = error;
      }
      this.#checked = { declaration, refused };
    }
    const { refused } = this.#checked;
    if (!refused) return undefined;
    const message = refused.complaints
      .map((one) => one.message)
      .join("; ")
      .slice(0, 2000);
    return { reason: "DeclarationRefused", message };
  }

  async #state(fleet: LiveObject, signal: AbortSignal): Promise<FleetState> {
    const text = (await this.#stateSecret.data(signal))?.[stateKey];
    const state = text === undefined ? undefined : parseState(text);
    if (state) return state;
    const shards = numberAt(fleet, "spec", "shards") ?? 1;
    return {
      owners: evenOwners(Math.max(1, Math.min(shards, 64))),
      retired: {},
      zoned: await this.#hasZones(signal),
    };
  }

  /** Made once; whoever deletes them has new ones made, and all servers told. */
  async #credentials(
    fleet: LiveObject,
    owner: OwnerReference,
    signal: AbortSignal,
  ): Promise<ServerCredentials> {
    const there = readCredentials(await this.#credentialsSecret.data(signal));
    if (there) return there;
    const made = await newCredentials();
    const name = credentialsName(this.#name);
    const data = Object.entries(made).map(([key, value]) => [
      key,
      Buffer.from(String(value)).toString("base64"),
    ]);
    const object = {
      ...this.#secret(fleet, owner, name),
      data: Object.fromEntries(data) as Record<string, string>,
    };
    const { api, world } = this.#options;
    world.learn(kinds.secret, await api.apply(this.#ref(kinds.secret, name), object, { signal }));
    return made;
  }

  #secret(fleet: LiveObject, owner: OwnerReference, name: string) {
    const labels = {
      "app.kubernetes.io/managed-by": "promfleet",
      "app.kubernetes.io/instance": fleet.metadata.name,
    };
    const metadata = { name, namespace: this.#namespace, labels, ownerReferences: [owner] };
    return { apiVersion: "v1", kind: "Secret", metadata, type: "Opaque" };
  }

  async #hasZones(signal: AbortSignal): Promise<boolean> {
    const { items } = await this.#options.api.list(kinds.node, {}, signal).catch((error: unknown) => {
      // an operator of some namespaces sees no nodes
      if (isRefusal(error, 403)) return { items: [] };
      throw error;
    });
    const zones = items.flatMap(({ metadata }) => metadata.labels?.["topology.kubernetes.io/zone"] ?? []);
    return new Set(zones).size > 1 && zones.length === items.length;
  }

  async #saveState(
    fleet: LiveObject,
    before: FleetState,
    now: FleetState,
    owner: OwnerReference,
    signal: AbortSignal,
  ): Promise<void> {
    const { api, world } = this.#options;
    const name = stateName(this.#name);
    const there = world.object(kinds.secret, this.#namespace, name);
    if (there && printState(before) === printState(now)) return;
    const object = {
      ...this.#secret(fleet, owner, name),
      data: { [stateKey]: Buffer.from(printState(now)).toString("base64") },
    };
    world.learn(kinds.secret, await api.apply(this.#ref(kinds.secret, name), object, { signal }));
  }

  #ref(resource: ResourceKind, name: string) {
    return { resource, namespace: this.#namespace, name };
  }

  /** Applies an object where it is not as it is to be. @returns whether it had to be */
  async #keep(object: OwnedObject, signal: AbortSignal): Promise<boolean> {
    const { api, world } = this.#options;
    const resource = kindNamed(object.apiVersion, object.kind);
    if (!resource) throw new Error(`${object.kind} is no kind that the operator knows`);
    const hash = contentOf(object);
    const whole = {
      ...object,
      metadata: {
        ...object.metadata,
        annotations: { ...object.metadata.annotations, [appliedAnnotation]: hash },
      },
    };
    const { name } = object.metadata;
    const live = world.object(resource, this.#namespace, name);
    if (live && differenceIn(comparable(whole), live) === undefined) return false;
    if (!live) await this.#refuseForeign(resource, name, signal);
    world.learn(resource, await api.apply(this.#ref(resource, name), whole, { signal }));
    return true;
  }

  /** @throws PromfleetError where somebody else has an object of that name */
  async #refuseForeign(resource: ResourceKind, name: string, signal: AbortSignal): Promise<void> {
    const there = await this.#options.api.get(this.#ref(resource, name), signal);
    const labels = there?.metadata.labels;
    if (!there || labels?.["app.kubernetes.io/managed-by"] === "promfleet") return;
    throw new PromfleetError({
      code: "CLUSTER_REFUSED",
      message: `there is a ${resource.kind} ${name} in namespace ${this.#namespace} that promfleet did not make`,
      advice: "Give the fleet another name, or take that object away.",
    });
  }

  async #views(objects: FleetObjects): Promise<Map<string, ServerView>> {
    const { world } = this.#options;
    const pods = new Map(
      [...world.objectsOf(kinds.pod, this.#namespace, this.#name)].map((pod) => [pod.metadata.name, pod]),
    );
    const ready: HealCandidate[] = [];
    const views = await Promise.all(
      objects.servers.map(async ({ wanted: { name, shard }, replica }): Promise<ServerView> => {
        const set = world.object(kinds.statefulSet, this.#namespace, name);
        const secret = world.object(kinds.secret, this.#namespace, name);
        const live = pods.get(`${name}-0`);
        const pod = live && podView(live);
        const url = this.#url(name);
        const generation = secret?.metadata.annotations?.[generationAnnotation];
        let shown: string | undefined;
        if (pod?.ready && !pod.leaving && url !== undefined) {
          const life = lifeOf(pod);
          const known = this.#shown.get(name);
          shown =
            known?.life === life && known.generation === generation
              ? generation
              : await shownGeneration(url, this.#authorization);
          if (shown !== undefined) this.#shown.set(name, { life, generation: shown });
          ready.push({
            name,
            url,
            authorization: this.#authorization,
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

  #url(server: string): string | undefined {
    const service = this.#options.world.object(kinds.service, this.#namespace, server);
    const address = textAt(service, "spec", "clusterIP");
    return address === undefined || address === "None"
      ? undefined
      : `http://${address.includes(":") ? `[${address}]` : address}:9090`;
  }

  /** @returns why a server refuses its configuration */
  async #do(step: Step, objects: FleetObjects, signal: AbortSignal): Promise<string | undefined> {
    const { api, world, say, key } = this.#options;
    const server = objects.servers.find(({ wanted }) => wanted.name === step.server);
    if (!server || step.do === "wait") return undefined;
    const pod = world.object(kinds.pod, this.#namespace, `${step.server}-0`);
    const evict = async () => {
      if (!pod || pod.metadata.deletionTimestamp !== undefined) return;
      const left = await api.evict(this.#ref(kinds.pod, pod.metadata.name), pod.metadata.uid, signal);
      say(
        left
          ? `${key}: ${step.server} is restarted`
          : `${key}: ${step.server} may not be restarted yet: its budget says so`,
      );
    };
    if (step.do === "create") await this.#keepAll([...server.secrets, server.statefulSet], signal);
    if (step.do === "restart" || step.do === "configure") await this.#keepAll(server.secrets, signal);
    if (step.do === "restart") await this.#keepStatefulSet(server.statefulSet, signal);
    if (step.do === "restart" || step.do === "evict") await evict();
    if (step.do === "configure" || step.do === "reload") return await this.#prove(server, pod, signal);
    return undefined;
  }

  /** Tries what a server is to become while it still runs. */
  async #preflight(
    name: string,
    objects: FleetObjects,
    views: ReadonlyMap<string, ServerView>,
    signal: AbortSignal,
  ): Promise<Verdict> {
    const { api, world, say, key } = this.#options;
    const server = objects.servers.find(({ wanted }) => wanted.name === name);
    if (!server) return { is: "pending" };
    const there = world.object(kinds.pod, this.#namespace, preflightName(name));
    if (there?.metadata.annotations?.[preflightAnnotation] === preflightKey(server)) {
      const verdict = verdictOf(there, name);
      if (verdict.is === "good") await this.#refuseQuota(server, signal);
      return verdict;
    }
    if (there) {
      await api.delete(this.#ref(kinds.pod, there.metadata.name), { uid: there.metadata.uid, signal });
      return { is: "pending" };
    }
    say(`${key}: what ${name} is to become is tried on its node`);
    for (const object of preflightObjects(server, views.get(name)?.pod?.node)) {
      const resource = kindNamed(object.apiVersion, object.kind);
      if (!resource) continue;
      const live = await api.apply(this.#ref(resource, object.metadata.name), object, { signal });
      world.learn(resource, live);
    }
    return { is: "pending" };
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
        namespace: this.#namespace,
      },
      // its claim is added by the set
      spec: { ...spec, volumes: [...listAt(spec, "volumes"), { name: "data", emptyDir: {} }] },
    };
    await this.#options.api.create(this.#ref(kinds.pod, pod.metadata.name), pod, { dryRun: true }, signal);
  }

  async #keepAll(objects: readonly OwnedObject[], signal: AbortSignal): Promise<void> {
    for (const object of objects)
      if (object.kind === "StatefulSet") await this.#keepStatefulSet(object, signal);
      else await this.#keep(object, signal);
  }

  /** What may not be changed of a set is changed by another set for the same pod. */
  async #keepStatefulSet(wanted: OwnedObject, signal: AbortSignal): Promise<void> {
    const { api, world, say, key } = this.#options;
    const live = world.object(kinds.statefulSet, this.#namespace, wanted.metadata.name);
    const isAnother =
      live?.metadata.annotations?.[templateAnnotation] !== wanted.metadata.annotations?.[templateAnnotation];
    // a pod that is adopted by a set with another template and other claims would be neither's
    const object = live && isAnother ? withClaimsOf(live, wanted) : wanted;
    try {
      await this.#keep(object, signal);
    } catch (error) {
      if (!isRefusal(error, 422) || !live || !error.fields.some((field) => field === "spec")) throw error;
      say(`${key}: StatefulSet ${object.metadata.name} is made anew, its pod stays: ${error.said}`);
      const ref = this.#ref(kinds.statefulSet, object.metadata.name);
      await api.delete(ref, { uid: live.metadata.uid, orphan: true, signal });
      for (let left = 50; left > 0 && (await api.get(ref, signal)); left--)
        await pause(100, undefined, { signal });
      await api.apply(ref, object, { signal });
    }
  }

  /** Has a server read its Secret, until it shows it, or refuses it, or the time of one reconcile is over. */
  async #prove(
    { wanted }: ServerOfFleet,
    pod: LiveObject | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { api, say, key } = this.#options;
    const url = this.#url(wanted.name);
    if (!pod || url === undefined) return undefined;
    const view = podView(pod);
    if (view.touched !== wanted.generation)
      await api.merge(
        this.#ref(kinds.pod, pod.metadata.name),
        { metadata: { annotations: { [touchAnnotation]: wanted.generation } } },
        signal,
      );
    // one that starts reads it by itself
    if (!view.ready) return undefined;
    const until = performance.now() + proofTime;
    do {
      const refused = await reload(url, this.#authorization).catch(() => undefined);
      if (refused !== undefined) return `${wanted.name} does not take its new configuration: ${refused}`;
      if ((await shownGeneration(url, this.#authorization)) === wanted.generation) {
        this.#shown.set(wanted.name, { life: lifeOf(view), generation: wanted.generation });
        say(`${key}: ${wanted.name} runs its new configuration`);
        return undefined;
      }
      await pause(proofPoll, undefined, { signal });
    } while (performance.now() < until);
    return undefined;
  }

  /** Puts back what somebody has changed of a server that is up to date. */
  async #keepUpToDate(
    server: ServerOfFleet,
    view: ServerView | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    if (view?.template !== server.wanted.template || view.secret !== server.wanted.generation) return;
    await this.#keepAll([...server.secrets, server.statefulSet], signal);
  }

  async #gateways(objects: FleetObjects, findings: Findings, signal: AbortSignal): Promise<void> {
    const { api, world } = this.#options;
    findings.gateways.wanted = objects.spec.gateway.replicas;
    const ready = (shard: string) =>
      objects.servers.some(
        ({ wanted }) => wanted.shard === shard && findings.views.get(wanted.name)?.pod?.ready === true,
      );
    // gateways that are there already are told of a shard when it can answer
    const isNew = world.object(kinds.deployment, this.#namespace, `${this.#name}-gateway`) === undefined;
    const areAll = objects.plan.shards.every(({ id }) => ready(id));
    for (const object of objects.gateway)
      if (object.kind !== "Secret" || isNew || areAll) await this.#keep(object, signal);
    const pods = [...world.objectsOf(kinds.pod, this.#namespace, this.#name)].filter(
      ({ metadata }) =>
        metadata.labels?.["app.kubernetes.io/component"] === "gateway" &&
        metadata.deletionTimestamp === undefined,
    );
    const views = pods.map(podView);
    findings.gateways.ready = views.filter((view) => view.ready).length;
    findings.gateways.current = isRolledOut(
      world.object(kinds.deployment, this.#namespace, `${this.#name}-gateway`),
      objects.spec.gateway.replicas,
    );
    findings.gateways.trouble = views.find(({ trouble }) => trouble !== undefined)?.trouble;
    if (!areAll) return;
    for (const view of views)
      if (view.touched !== objects.topology)
        await api.merge(
          this.#ref(kinds.pod, view.name),
          { metadata: { annotations: { [touchAnnotation]: objects.topology } } },
          signal,
        );
  }

  /** Whether every gateway that answers goes by the topology of now. */
  async #isFollowed(objects: FleetObjects): Promise<boolean> {
    const addresses = [...this.#options.world.objectsOf(kinds.pod, this.#namespace, this.#name)]
      .filter(({ metadata }) => metadata.labels?.["app.kubernetes.io/component"] === "gateway")
      .filter((pod) => podView(pod).ready)
      .flatMap((pod) => textAt(pod, "status", "podIP") ?? []);
    const followed = await Promise.all(addresses.map(followedTopology));
    return followed.every((version) => version === undefined || version === objects.topology);
  }

  /** What was tried is done, or not wanted any more. */
  async #endPreflights(signal: AbortSignal): Promise<void> {
    const { api, world } = this.#options;
    for (const resource of [kinds.pod, kinds.secret])
      for (const { metadata } of world.objectsOf(resource, this.#namespace, this.#name))
        if (
          metadata.annotations?.[preflightAnnotation] !== undefined &&
          metadata.deletionTimestamp === undefined
        )
          await api.delete(this.#ref(resource, metadata.name), { uid: metadata.uid, signal });
  }

  /** What the fleet has no more. Claims stay, and so does what was not made for this very fleet. */
  async #prune(objects: FleetObjects, fleet: LiveObject, signal: AbortSignal): Promise<void> {
    const { api, world, say, key } = this.#options;
    const all = [
      ...objects.rights,
      ...objects.gateway,
      ...objects.servers.flatMap(({ secrets, service, statefulSet }) => [...secrets, service, statefulSet]),
    ];
    const wanted = new Set(all.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    for (const name of [stateName(this.#name), credentialsName(this.#name)]) wanted.add(`Secret ${name}`);
    for (const resource of prunedKinds)
      for (const { metadata } of world.objectsOf(resource, this.#namespace, this.#name)) {
        if (metadata.annotations?.[preflightAnnotation] !== undefined) continue;
        if (wanted.has(`${resource.kind} ${metadata.name}`) || metadata.deletionTimestamp !== undefined)
          continue;
        if (metadata.ownerReferences?.some(({ uid }) => uid === fleet.metadata.uid) !== true) continue;
        await api.delete(this.#ref(resource, metadata.name), { uid: metadata.uid, signal });
        say(`${key}: ${resource.kind} ${metadata.name} is removed`);
      }
  }

  async #report(fleet: LiveObject, findings: Findings, signal: AbortSignal): Promise<void> {
    const { api, tell } = this.#options;
    const status = fleetStatus(fleet, findings, new Date());
    if (!saysTheSame(fleet, status)) {
      const { name, namespace } = fleet.metadata;
      await api.apply(
        this.#ref(kinds.fleet, fleet.metadata.name),
        { apiVersion: fleet.apiVersion, kind: fleet.kind, metadata: { name, namespace }, status },
        { status: true, signal },
      );
    }
    const bad = findings.refused ?? findings.trouble;
    const report = bad ? `${bad.reason}: ${bad.message}` : "";
    if (report === this.#lastReport) return;
    this.#lastReport = report;
    if (bad) await tell(fleet, "Warning", bad.reason, bad.message);
    else if (findings.settled) await tell(fleet, "Normal", "RolledOut", "everything is as declared");
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

/** A set with the claims of another one. */
function withClaimsOf(live: LiveObject, wanted: OwnedObject): OwnedObject {
  const spec = mapAt(wanted, "spec");
  const [size] = listAt(live, "spec", "volumeClaimTemplates").map((one) =>
    textAt(one, "spec", "resources", "requests", "storage"),
  );
  if (size === undefined) return wanted;
  const volumeClaimTemplates = listAt(spec, "volumeClaimTemplates").map((one) => ({
    ...(one as object),
    spec: { ...mapAt(one, "spec"), resources: { requests: { storage: size } } },
  }));
  return { ...wanted, spec: { ...spec, volumeClaimTemplates } };
}

function firstLine(error: PromfleetError): string {
  return error.complaints[0].message;
}
