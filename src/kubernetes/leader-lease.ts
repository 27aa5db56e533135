import { setTimeout as pause } from "node:timers/promises";
import type { ApiClient } from "./api-client.ts";
import { type LiveObject, mapAt, numberAt, type ObjectRef, textAt } from "./api-object.ts";
import { isRefusal } from "./api-refusal.ts";
import { kinds } from "./resource-kinds.ts";

export interface LeaseOptions {
  api: ApiClient;
  namespace: string;
  name: string;
  /** Who asks for it: another each time a process starts. */
  identity: string;
  /** ms: for how long it is taken; how long its holder tries to renew it before he gives up; between two tries. */
  times?: { duration: number; renewal: number; retry: number };
}

const usualTimes = { duration: 15_000, renewal: 10_000, retry: 2000 };

/**
 * A Lease that one of several holds. Times are this process' own, and monotonic: another's clock is never believed, a lease is over
 * when it has not been seen to change for its whole duration.
 */
export class LeaderLease {
  readonly #options: LeaseOptions;
  readonly #times: NonNullable<LeaseOptions["times"]>;
  readonly #ref: ObjectRef;
  #seen: { version: string; at: number } | undefined;
  #live: LiveObject | undefined;
  /** performance.now() when the write began by which it was taken. */
  #taken = 0;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#times = options.times ?? usualTimes;
    this.#ref = { resource: kinds.lease, namespace: options.namespace, name: options.name };
  }

  /** Waits until it is ours. @throws the signal's reason */
  async take(signal: AbortSignal, onTrouble: (why: string) => void): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      try {
        if (await this.#tryTake(signal)) return;
      } catch (error) {
        signal.throwIfAborted();
        // somebody else was faster, or has written meanwhile
        if (!isRefusal(error, 409)) onTrouble(error instanceof Error ? error.message : String(error));
      }
      await pause(this.#times.retry * (0.9 + 0.2 * Math.random()), undefined, { signal });
    }
  }

  /** Renews it for as long as that can be done; returns when it is lost. @throws the signal's reason */
  async hold(signal: AbortSignal): Promise<string> {
    let renewed = this.#taken;
    for (;;) {
      await pause(this.#times.retry, undefined, { signal });
      const left = renewed + this.#times.renewal - performance.now();
      // a process that was stopped for that long has lost it, whatever the API server would say
      if (left <= 0) return `it could not be renewed for ${this.#times.renewal / 1000} s`;
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(left))]);
      const began = performance.now();
      try {
        if (!(await this.#renew(deadline))) return "somebody else has it";
        renewed = began;
      } catch {
        signal.throwIfAborted();
      }
    }
  }

  /** Lets the next one have it at once. */
  async release(): Promise<void> {
    const live = this.#live;
    if (!live || holderOf(live) !== this.#options.identity) return;
    const signal = AbortSignal.timeout(2000);
    await this.#write(live, { holderIdentity: "", leaseDurationSeconds: 1 }, signal).catch(() => undefined);
  }

  async #tryTake(signal: AbortSignal): Promise<boolean> {
    const { api, identity } = this.#options;
    const live = await api.get(this.#ref, signal);
    // others count from when it was written, which may be long before that is answered
    this.#taken = performance.now();
    if (!live) {
      this.#live = await api.create(this.#ref, this.#object(undefined, 0), {}, signal);
      return true;
    }
    const version = live.metadata.resourceVersion;
    if (this.#seen?.version !== version) this.#seen = { version, at: performance.now() };
    const holder = holderOf(live);
    const duration = (numberAt(live, "spec", "leaseDurationSeconds") ?? 0) * 1000;
    if (holder !== "" && holder !== identity && performance.now() - this.#seen.at < duration) return false;
    this.#live = await this.#write(live, this.#spec(live, 1), signal);
    return true;
  }

  async #renew(signal: AbortSignal): Promise<boolean> {
    const live = this.#live;
    if (!live) return false;
    try {
      this.#live = await this.#write(live, this.#spec(live, 0), signal);
      return true;
    } catch (error) {
      if (!isRefusal(error, 404, 409)) throw error;
      // our own write may have been answered to nobody
      const now = await this.#options.api.get(this.#ref, signal);
      if (!now || now.metadata.uid !== live.metadata.uid || holderOf(now) !== this.#options.identity)
        return false;
      this.#live = now;
      return true;
    }
  }

  #spec(live: LiveObject | undefined, transitions: number): Record<string, unknown> {
    const now = `${new Date().toISOString().slice(0, -1)}000Z`;
    const before = live ? mapAt(live, "spec") : {};
    const isOurs = live !== undefined && holderOf(live) === this.#options.identity;
    const count = numberAt(before, "leaseTransitions") ?? 0;
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: this.#times.duration / 1000,
      acquireTime: isOurs ? before["acquireTime"] : now,
      renewTime: now,
      leaseTransitions: isOurs ? count : count + transitions,
    };
  }

  #object(live: LiveObject | undefined, transitions: number): unknown {
    const { namespace, name } = this.#options;
    return {
      apiVersion: kinds.lease.apiVersion,
      kind: kinds.lease.kind,
      metadata: { namespace, name },
      spec: this.#spec(live, transitions),
    };
  }

  /** @throws ApiRefusal 409 where it is not as it was */
  async #write(live: LiveObject, spec: Record<string, unknown>, signal: AbortSignal): Promise<LiveObject> {
    const { namespace, name, uid, resourceVersion } = live.metadata;
    return await this.#options.api.replace(
      this.#ref,
      {
        apiVersion: kinds.lease.apiVersion,
        kind: kinds.lease.kind,
        metadata: { namespace, name, uid, resourceVersion },
        spec,
      },
      signal,
    );
  }
}

function holderOf(live: LiveObject): string {
  return textAt(live, "spec", "holderIdentity") ?? "";
}
