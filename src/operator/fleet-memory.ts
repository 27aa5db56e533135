import { type LiveObject, numberAt, type OwnerReference } from "../kubernetes/api-object.ts";
import { isRefusal } from "../kubernetes/api-refusal.ts";
import { kinds } from "../kubernetes/resource-kinds.ts";
import { evenOwners } from "../plan/slots.ts";
import type { ServerCredentials } from "../render/kubernetes/server-credentials.ts";
import { credentialsName, newCredentials, readCredentials } from "./fleet-credentials.ts";
import type { FleetScope } from "./fleet-scope.ts";
import { type FleetState, parseState, printState, stateKey, stateName } from "./fleet-state.ts";
import { KeptSecret } from "./kept-secret.ts";

/** What of a fleet can not be worked out anew: its state, and the password of its servers. */
export class FleetMemory {
  readonly #scope: FleetScope;
  readonly #stateSecret: KeptSecret;
  readonly #credentialsSecret: KeptSecret;

  constructor(scope: FleetScope) {
    const { api, world, namespace, name } = scope;
    this.#scope = scope;
    this.#stateSecret = new KeptSecret(api, world, namespace, stateName(name));
    this.#credentialsSecret = new KeptSecret(api, world, namespace, credentialsName(name));
  }

  /** Names of the Secrets that it stands in. */
  get secrets(): readonly string[] {
    return [stateName(this.#scope.name), credentialsName(this.#scope.name)];
  }

  /** As it was saved, or as that of a fleet that begins. */
  async state(fleet: LiveObject, signal: AbortSignal): Promise<FleetState> {
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

  /** Where it is another one than before, or not there. */
  async saveState(
    fleet: LiveObject,
    before: FleetState,
    now: FleetState,
    owner: OwnerReference,
    signal: AbortSignal,
  ): Promise<void> {
    const { api, world } = this.#scope;
    const name = stateName(this.#scope.name);
    const there = world.object(kinds.secret, this.#scope.namespace, name);
    if (there && printState(before) === printState(now)) return;
    const object = {
      ...this.#secret(fleet, owner, name),
      data: { [stateKey]: Buffer.from(printState(now)).toString("base64") },
    };
    world.learn(kinds.secret, await api.apply(this.#scope.ref(kinds.secret, name), object, { signal }));
  }

  /** Made once; whoever deletes them has new ones made, and all servers told. */
  async credentials(
    fleet: LiveObject,
    owner: OwnerReference,
    signal: AbortSignal,
  ): Promise<ServerCredentials> {
    const there = readCredentials(await this.#credentialsSecret.data(signal));
    if (there) return there;
    const made = await newCredentials();
    const name = credentialsName(this.#scope.name);
    const data = Object.entries(made).map(([key, value]) => [
      key,
      Buffer.from(String(value)).toString("base64"),
    ]);
    const object = {
      ...this.#secret(fleet, owner, name),
      data: Object.fromEntries(data) as Record<string, string>,
    };
    const { api, world } = this.#scope;
    world.learn(kinds.secret, await api.apply(this.#scope.ref(kinds.secret, name), object, { signal }));
    return made;
  }

  #secret(fleet: LiveObject, owner: OwnerReference, name: string) {
    const labels = {
      "app.kubernetes.io/managed-by": "promfleet",
      "app.kubernetes.io/instance": fleet.metadata.name,
    };
    const metadata = { name, namespace: this.#scope.namespace, labels, ownerReferences: [owner] };
    return { apiVersion: "v1", kind: "Secret", metadata, type: "Opaque" };
  }

  async #hasZones(signal: AbortSignal): Promise<boolean> {
    const { items } = await this.#scope.api.list(kinds.node, {}, signal).catch((error: unknown) => {
      // an operator of some namespaces sees no nodes
      if (isRefusal(error, 403)) return { items: [] };
      throw error;
    });
    const zones = items.flatMap(({ metadata }) => metadata.labels?.["topology.kubernetes.io/zone"] ?? []);
    return new Set(zones).size > 1 && zones.length === items.length;
  }
}
