import { setTimeout as pause } from "node:timers/promises";
import type { ApiClient, Selection } from "./api-client.ts";
import type { LiveObject, ResourceKind } from "./api-object.ts";
import { isRefusal } from "./api-refusal.ts";

export interface WatchedOptions<Kept> {
  api: ApiClient;
  resource: ResourceKind;
  selection?: Selection;
  /** What of an object is held in memory. */
  keep: (object: LiveObject) => Kept;
  /** Told of each change, before and after the first list is whole; undefined: it was not there, it is no more. */
  onChange: (now: Kept | undefined, before: Kept | undefined) => void;
  /** Told when the API server can not be watched, and when it can again (undefined). */
  onTrouble?: (why: string | undefined) => void;
}

/** ms before a watch that failed is tried again, doubled up to the last. */
const firstPause = 200;
const longestPause = 15_000;
/** Deletions that are remembered. */
const remembered = 1000;

/** All objects of a kind, as the API server tells of them: listed once, then watched, and listed again where it has forgotten. */
export class WatchedObjects<Kept> {
  readonly #options: WatchedOptions<Kept>;
  readonly #objects = new Map<string, { kept: Kept; version: string }>();
  /** uids of those that were deleted last: what a write answers late does not bring them back. */
  readonly #deleted = new Set<string>();
  readonly #first = Promise.withResolvers<void>();
  #trouble: string | undefined;

  constructor(options: WatchedOptions<Kept>) {
    this.#options = options;
  }

  /** Once they have been listed. */
  get synced(): Promise<void> {
    return this.#first.promise;
  }

  get(namespace: string | undefined, name: string): Kept | undefined {
    return this.#objects.get(keyOf(namespace, name))?.kept;
  }

  *all(): Generator<Kept> {
    for (const { kept } of this.#objects.values()) yield kept;
  }

  /** What a write has answered, known before the watch tells: a next look is not to do it again. */
  learn(object: LiveObject): void {
    const before = this.#objects.get(keyOfObject(object));
    if (this.#deleted.has(object.metadata.uid)) return;
    // a watch may have told of something later by now
    if (before === undefined || isLater(object.metadata.resourceVersion, before.version)) this.#set(object);
  }

  /** Ends with the signal only. */
  async run(signal: AbortSignal): Promise<void> {
    let wait = firstPause;
    while (!signal.aborted) {
      try {
        let version = await this.#list(signal);
        for (;;) {
          const began = performance.now();
          version = await this.#watch(version, signal);
          wait = firstPause;
          // one that ends at once would be asked for without end
          if (performance.now() - began < 1000) await pause(firstPause, undefined, { signal });
        }
      } catch (error) {
        if (signal.aborted) return;
        // forgotten: listed again, at once
        if (isRefusal(error, 410)) continue;
        this.#tell(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
        await pause(wait * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
        wait = Math.min(wait * 2, longestPause);
      }
    }
  }

  #tell(why: string | undefined): void {
    if (why === this.#trouble) return;
    this.#trouble = why;
    this.#options.onTrouble?.(why);
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { api, resource, selection } = this.#options;
    const { items, resourceVersion } = await api.list(resource, selection, signal);
    const there = new Set(items.map(keyOfObject));
    for (const [key, { kept }] of this.#objects) {
      if (there.has(key)) continue;
      this.#objects.delete(key);
      this.#options.onChange(undefined, kept);
    }
    for (const object of items) this.#set(object);
    this.#tell(undefined);
    this.#first.resolve();
    return resourceVersion;
  }

  async #watch(from: string, signal: AbortSignal): Promise<string> {
    const { api, resource, selection = {} } = this.#options;
    let version = from;
    let wait = firstPause;
    while (!signal.aborted) {
      try {
        for await (const event of api.watch(resource, selection, version, signal)) {
          wait = firstPause;
          if (event.type === "OPENED") {
            this.#tell(undefined);
            continue;
          }
          if (event.type === "BOOKMARK") {
            version = event.resourceVersion;
            continue;
          }
          version = event.object.metadata.resourceVersion;
          if (event.type === "DELETED") this.#remove(event.object);
          else this.#set(event.object);
        }
        return version;
      } catch (error) {
        if (signal.aborted || isRefusal(error, 410)) throw error;
        // what happens meanwhile is told afterwards, from the same version on
        this.#tell(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
        await pause(wait * (0.5 + Math.random()), undefined, { signal });
        wait = Math.min(wait * 2, longestPause);
      }
    }
    return version;
  }

  #set(object: LiveObject): void {
    const key = keyOfObject(object);
    const before = this.#objects.get(key);
    const version = object.metadata.resourceVersion;
    if (before?.version === version) return;
    const kept = this.#options.keep(object);
    this.#objects.set(key, { kept, version });
    this.#options.onChange(kept, before?.kept);
  }

  #remove(object: LiveObject): void {
    const key = keyOfObject(object);
    const before = this.#objects.get(key);
    this.#deleted.add(object.metadata.uid);
    for (const uid of this.#deleted) {
      if (this.#deleted.size <= remembered) break;
      this.#deleted.delete(uid);
    }
    if (!before) return;
    this.#objects.delete(key);
    this.#options.onChange(undefined, before.kept);
  }
}

/** Versions of one object, as etcd counts them. */
function isLater(version: string, than: string): boolean {
  if (!/^\d+$/.test(version) || !/^\d+$/.test(than)) return version !== than;
  return BigInt(version) > BigInt(than);
}

function keyOfObject({ metadata }: LiveObject): string {
  return keyOf(metadata.namespace, metadata.name);
}

function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ""}/${name}`;
}
