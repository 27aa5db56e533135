import type { ApiClient } from "../kubernetes/api-client.ts";
import { isMap } from "../kubernetes/api-object.ts";
import { kinds } from "../kubernetes/resource-kinds.ts";
import type { World } from "./world.ts";

/** A Secret whose content is needed again and again: read when it is another one than the one that was read. */
export class KeptSecret {
  readonly #api: ApiClient;
  readonly #world: World;
  readonly #namespace: string;
  readonly #name: string;
  #read: { version: string; data: Readonly<Record<string, string>> } | undefined;

  constructor(api: ApiClient, world: World, namespace: string, name: string) {
    this.#api = api;
    this.#world = world;
    this.#namespace = namespace;
    this.#name = name;
  }

  /** What it holds, by its keys; undefined where there is none. */
  async data(signal: AbortSignal): Promise<Readonly<Record<string, string>> | undefined> {
    const version = this.#world.object(kinds.secret, this.#namespace, this.#name)?.metadata.resourceVersion;
    if (this.#read && version === this.#read.version) return this.#read.data;
    const ref = { resource: kinds.secret, namespace: this.#namespace, name: this.#name };
    const live = await this.#api.get(ref, signal);
    if (!live) return undefined;
    const entries = isMap(live["data"]) ? Object.entries(live["data"]) : [];
    const data = Object.fromEntries(
      entries.map(([key, value]) => [key, Buffer.from(String(value), "base64").toString("utf8")]),
    );
    this.#read = { version: live.metadata.resourceVersion, data };
    return data;
  }
}
