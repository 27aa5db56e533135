import { createHash } from "node:crypto";
import type { ApiClient } from "../kubernetes/api-client.ts";
import { isMap, type LiveObject, type ResourceKind } from "../kubernetes/api-object.ts";
import { kinds } from "../kubernetes/resource-kinds.ts";
import { WatchedObjects } from "../kubernetes/watched-objects.ts";

const fleetLabel = "app.kubernetes.io/instance";
/** Everything that promfleet has made, pods among it. */
const ours = "app.kubernetes.io/managed-by=promfleet";

/** Kinds of which a fleet has objects that go when it does not have them any more. */
export const prunedKinds: readonly ResourceKind[] = [
  kinds.statefulSet,
  kinds.service,
  kinds.secret,
  kinds.budget,
  kinds.serviceAccount,
  kinds.role,
  kinds.roleBinding,
];

const ownedKinds: readonly ResourceKind[] = [
  ...prunedKinds,
  kinds.deployment,
  kinds.networkPolicy,
  kinds.pod,
  kinds.claim,
];

export interface WorldOptions {
  api: ApiClient;
  /** Undefined: all. */
  namespaces: readonly string[] | undefined;
  /** A fleet, "namespace/name", about which something has changed. */
  onChange: (fleet: string) => void;
  say: (sentence: string) => void;
}

/** What the operator sees of the cluster: its fleets, and what it has made for them. */
export class World {
  readonly #options: WorldOptions;
  readonly #owned = new Map<string, WatchedObjects<LiveObject>[]>();
  readonly #fleets: WatchedObjects<LiveObject>[];
  readonly #troubles = new Map<string, string>();

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#fleets = this.#watched(kinds.fleet, undefined, ({ metadata }) => metadata.name);
    for (const kind of ownedKinds)
      this.#owned.set(
        kind.plural,
        this.#watched(kind, ours, ({ metadata }) => metadata.labels?.[fleetLabel]),
      );
  }

  /** Why the API server can not be watched; undefined where it can. */
  get trouble(): string | undefined {
    return this.#troubles.values().next().value;
  }

  /** Ends with the signal. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(
      [...this.#fleets, ...this.#owned.values()].flat().map(async (one) => await one.run(signal)),
    );
  }

  get synced(): Promise<unknown> {
    return Promise.all(
      [...this.#fleets, ...this.#owned.values()].flat().map(async (one) => await one.synced),
    );
  }

  fleet(namespace: string, name: string): LiveObject | undefined {
    return first(this.#fleets, namespace, name);
  }

  *fleets(): Generator<LiveObject> {
    for (const watched of this.#fleets) yield* watched.all();
  }

  object(kind: ResourceKind, namespace: string, name: string): LiveObject | undefined {
    return first(this.#owned.get(kind.plural) ?? [], namespace, name);
  }

  /** Of a fleet, what there is of a kind. */
  *objectsOf(kind: ResourceKind, namespace: string, fleet: string): Generator<LiveObject> {
    for (const watched of this.#owned.get(kind.plural) ?? [])
      for (const object of watched.all())
        if (object.metadata.namespace === namespace && object.metadata.labels?.[fleetLabel] === fleet)
          yield object;
  }

  /** What a write has answered. */
  learn(kind: ResourceKind, object: LiveObject): void {
    const namespace = object.metadata.namespace;
    const list = this.#owned.get(kind.plural) ?? [];
    const { namespaces } = this.#options;
    const index = namespaces === undefined ? 0 : namespaces.indexOf(namespace ?? "");
    list[index]?.learn(object);
  }

  #watched(
    resource: ResourceKind,
    labelSelector: string | undefined,
    fleetOf: (object: LiveObject) => string | undefined,
  ): WatchedObjects<LiveObject>[] {
    const { api, namespaces, onChange, say } = this.#options;
    return (namespaces ?? [undefined]).map(
      (namespace) =>
        new WatchedObjects<LiveObject>({
          api,
          resource,
          selection: { namespace, labelSelector },
          keep: kept,
          onChange: (now, before) => {
            const object = now ?? before;
            const fleet = object && fleetOf(object);
            if (fleet !== undefined) onChange(`${object?.metadata.namespace ?? ""}/${fleet}`);
          },
          onTrouble: (why) => {
            const key = `${namespace ?? ""}/${resource.plural}`;
            if (why === undefined) this.#troubles.delete(key);
            else this.#troubles.set(key, why);
            say(
              why === undefined
                ? `${resource.plural} are watched`
                : `${resource.plural} can not be watched: ${why}`,
            );
          },
        }),
    );
  }
}

function first(
  list: readonly WatchedObjects<LiveObject>[],
  namespace: string,
  name: string,
): LiveObject | undefined {
  for (const watched of list) {
    const found = watched.get(namespace, name);
    if (found) return found;
  }
  return undefined;
}

/** What of an object is needed: of what is secret, whether it is the same; of who has set which field, nothing. */
function kept(object: LiveObject): LiveObject {
  const { managedFields: _, ...metadata } = object.metadata as LiveObject["metadata"] & {
    managedFields?: unknown;
  };
  return comparable({ ...object, metadata });
}

/** Secret values are compared by their hashes. */
export function comparable<Any extends { kind: string; readonly [key: string]: unknown }>(object: Any): Any {
  if (object.kind !== "Secret" || !isMap(object["data"])) return object;
  const data = Object.entries(object["data"]).map(([key, value]) => [
    key,
    createHash("sha256").update(String(value)).digest("base64"),
  ]);
  return { ...object, data: Object.fromEntries(data) as unknown };
}
