import { PromfleetError } from "../errors/promfleet-error.ts";
import type { ApiClient } from "../kubernetes/api-client.ts";
import { type LiveObject, type OwnerReference, textAt } from "../kubernetes/api-object.ts";
import { isRefusal } from "../kubernetes/api-refusal.ts";
import { kinds } from "../kubernetes/resource-kinds.ts";
import { parseDuration } from "../promql/duration.ts";
import { shardLabel } from "../render/kubernetes/kubernetes-object.ts";
import type { FleetSpec } from "../spec/fleet-spec.ts";
import { declarationOf, declaredSpec } from "./declared-fleet.ts";
import { authorizationOf } from "./fleet-credentials.ts";
import { FleetMemory } from "./fleet-memory.ts";
import { type FleetObjects, fleetObjects } from "./fleet-objects.ts";
import { type FleetScope, fleetScope } from "./fleet-scope.ts";
import { printState, withShards } from "./fleet-state.ts";
import { type Findings, fleetStatus, saysTheSame } from "./fleet-status.ts";
import { GatewayRollout } from "./gateway-rollout.ts";
import { LastMade } from "./last-made.ts";
import { podView } from "./look-at-server.ts";
import { areSettled, nextSteps } from "./next-step.ts";
import { ObjectKeeper } from "./object-keeper.ts";
import { OperatorHealer } from "./operator-healer.ts";
import { preflightAnnotation } from "./preflight.ts";
import { ServerRollout } from "./server-rollout.ts";
import { ServerViews } from "./server-views.ts";
import { planVolumes, refusedVolumes, type VolumePlan } from "./volumes.ts";
import { prunedKinds, type World } from "./world.ts";

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
/** ms after which what the API server has refused of volumes is tried again. */
const refusedFor = 60_000;

/** Everything about one fleet. Each reconcile is: read, compute, apply, report; it can be ended between any two calls. */
export class FleetReconciler {
  readonly #options: ReconcilerOptions;
  readonly #scope: FleetScope;
  readonly #keeper: ObjectKeeper;
  readonly #memory: FleetMemory;
  readonly #servers: ServerViews;
  readonly #rollout: ServerRollout;
  readonly #gateways: GatewayRollout;
  /** Declarations that were checked, and what was said against them. */
  #checked: { declaration: string; refused: PromfleetError | undefined } | undefined;
  /** What a server itself has refused: not tried again. */
  #refusedBy: { declaration: string; message: string } | undefined;
  readonly #declared = new LastMade<FleetSpec>();
  readonly #accepted = new LastMade<FleetSpec>();
  readonly #objects = new LastMade<FleetObjects>();
  #lastReport = "";
  #volumesRefused: { size: string; why: string; until: number } | undefined;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#scope = fleetScope(options);
    this.#keeper = new ObjectKeeper(this.#scope);
    this.#memory = new FleetMemory(this.#scope);
    const healer = new OperatorHealer(options.again, options.say, options.over);
    this.#servers = new ServerViews(this.#scope, healer);
    this.#rollout = new ServerRollout(this.#scope, this.#keeper, this.#servers);
    this.#gateways = new GatewayRollout(this.#scope, this.#keeper);
  }

  /** @returns ms until the next look; undefined where there is nothing to look after @throws PromfleetError */
  async reconcile(signal: AbortSignal): Promise<number | undefined> {
    const { world } = this.#options;
    const fleet = world.fleet(this.#scope.namespace, this.#scope.name);
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
    const state = await this.#memory.state(fleet, signal);
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
    const declared = this.#declared.of(target, () => declaredSpec(target));
    const volumes = await this.#volumes(declared.prometheus.storage.size, signal);
    if (volumes.trouble !== undefined)
      findings.trouble = { reason: "VolumeNotAsDeclared", message: volumes.trouble };
    const storage = { ...declared.prometheus.storage, size: volumes.size };
    const spec = { ...declared, prometheus: { ...declared.prometheus, storage } };
    const retention = parseDuration(spec.prometheus.retention) ?? Number.POSITIVE_INFINITY;
    const { accepted } = state;
    const before =
      accepted === undefined ? 0 : this.#accepted.of(accepted, () => declaredSpec(accepted)).shards;
    const now = withShards(state, {
      shards: spec.shards,
      now: Date.now(),
      retention,
      hasServed: (shard) => Number(shard) < before || this.#isReadySomewhere(shard),
    });
    const credentials = await this.#memory.credentials(fleet, owner, signal);
    this.#servers.authorization = authorizationOf(credentials);
    const rendered = [target, volumes.size, printState(now), credentials.hash, owner.uid].join("\n");
    const make = {
      credentials,
      spec,
      state: now,
      namespace: this.#scope.namespace,
      owner,
      versions: this.#options.versions,
    };
    // the same objects all the time while nothing changes
    const objects = this.#objects.of(rendered, () => fleetObjects(make));
    findings.objects = objects;
    await this.#memory.saveState(fleet, state, now, owner, signal);
    for (const object of [...objects.rights, ...objects.servers.map(({ service }) => service)])
      await this.#keeper.keep(object, signal);
    findings.views = await this.#servers.look(objects);
    const wanted = objects.servers.map((one) => one.wanted);
    findings.steps = nextSteps(wanted, findings.views);
    for (const step of findings.steps) {
      if (step.do === "restart" && findings.views.get(step.server)?.pod?.ready === true) {
        const verdict = await this.#rollout.preflight(step.server, objects, findings.views, signal);
        if (verdict.is === "bad") findings.refused = { reason: "PreflightFailed", message: verdict.message };
        if (verdict.is !== "good") continue;
      }
      const refused = await this.#rollout.do(step, objects, signal);
      if (refused === undefined) continue;
      this.#refusedBy = { declaration: target, message: refused };
      findings.refused = { reason: "ConfigRefused", message: refused };
      this.#options.say(`${this.#options.key}: ${refused}; it gets back what it had`);
      this.#options.again();
      return;
    }
    // those whose turn it is not keep to what they have; labels and the like are everybody's
    for (const server of objects.servers)
      await this.#rollout.keepUpToDate(server, findings.views.get(server.wanted.name), signal);
    await this.#gateways.keep(objects, findings, signal);
    findings.views = await this.#servers.look(objects);
    if (!findings.steps.some((step) => step.do === "restart")) await this.#rollout.endPreflights(signal);
    // whoever is removed is asked by nobody any more
    const isFollowed = await this.#gateways.isFollowed(objects);
    findings.settled =
      areSettled(wanted, findings.views) &&
      findings.gateways.current &&
      isFollowed &&
      findings.steps.length === 0;
    if (isFollowed) await this.#prune(objects, fleet, signal);
    if (findings.settled && !findings.refused && now.accepted !== declaration)
      await this.#memory.saveState(fleet, now, { ...now, accepted: declaration }, owner, signal);
  }

  #isReadySomewhere(shard: string): boolean {
    const pods = this.#options.world.objectsOf(kinds.pod, this.#scope.namespace, this.#scope.name);
    return [...pods].some((pod) => pod.metadata.labels?.[shardLabel] === shard && podView(pod).ready);
  }

  /** Has the claims grow. */
  async #volumes(declared: string, signal: AbortSignal): Promise<VolumePlan> {
    const { api, world, say, key } = this.#options;
    const claims = new Map(
      [...world.objectsOf(kinds.claim, this.#scope.namespace, this.#scope.name)].map((claim) => [
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
        world.learn(kinds.claim, await api.merge(this.#scope.ref(kinds.claim, name), patch, signal));
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

  /** What the fleet has no more. Claims stay, and so does what was not made for this very fleet. */
  async #prune(objects: FleetObjects, fleet: LiveObject, signal: AbortSignal): Promise<void> {
    const { api, world, say, key } = this.#options;
    const all = [
      ...objects.rights,
      ...objects.gateway,
      ...objects.servers.flatMap(({ secrets, service, statefulSet }) => [...secrets, service, statefulSet]),
    ];
    const wanted = new Set(all.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    for (const name of this.#memory.secrets) wanted.add(`Secret ${name}`);
    for (const resource of prunedKinds)
      for (const { metadata } of world.objectsOf(resource, this.#scope.namespace, this.#scope.name)) {
        if (metadata.annotations?.[preflightAnnotation] !== undefined) continue;
        if (wanted.has(`${resource.kind} ${metadata.name}`) || metadata.deletionTimestamp !== undefined)
          continue;
        if (metadata.ownerReferences?.some(({ uid }) => uid === fleet.metadata.uid) !== true) continue;
        await api.delete(this.#scope.ref(resource, metadata.name), { uid: metadata.uid, signal });
        say(`${key}: ${resource.kind} ${metadata.name} is removed`);
      }
  }

  async #report(fleet: LiveObject, findings: Findings, signal: AbortSignal): Promise<void> {
    const { api, tell } = this.#options;
    const status = fleetStatus(fleet, findings, new Date());
    if (!saysTheSame(fleet, status)) {
      const { name, namespace } = fleet.metadata;
      await api.apply(
        this.#scope.ref(kinds.fleet, fleet.metadata.name),
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

function firstLine(error: PromfleetError): string {
  return error.complaints[0].message;
}
