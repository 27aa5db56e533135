import type { ApiClient } from "../kubernetes/api-client.ts";
import type { LiveObject } from "../kubernetes/api-object.ts";
import { kinds } from "../kubernetes/resource-kinds.ts";

/** Characters of a message that the API server takes. */
const longest = 1024;

/** Writes events about fleets, for `kubectl describe`. One that can not be written is no reason to stop. */
export class EventRecorder {
  readonly #api: ApiClient;
  readonly #instance: string;

  constructor(api: ApiClient, instance: string) {
    this.#api = api;
    this.#instance = instance;
  }

  async tell(about: LiveObject, type: "Normal" | "Warning", reason: string, message: string): Promise<void> {
    const { name, namespace = "default", uid, resourceVersion } = about.metadata;
    const now = new Date().toISOString();
    const event = {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: `${name}.${process.hrtime.bigint().toString(16)}`, namespace },
      involvedObject: {
        apiVersion: about.apiVersion,
        kind: about.kind,
        name,
        namespace,
        uid,
        resourceVersion,
      },
      type,
      reason,
      message: message.slice(0, longest),
      source: { component: "promfleet-operator", host: this.#instance },
      reportingComponent: "promfleet-operator",
      reportingInstance: this.#instance,
      firstTimestamp: `${now.slice(0, 19)}Z`,
      lastTimestamp: `${now.slice(0, 19)}Z`,
      count: 1,
    };
    const ref = { resource: kinds.event, namespace, name: event.metadata.name };
    await this.#api.create(ref, event).catch(() => undefined);
  }
}
