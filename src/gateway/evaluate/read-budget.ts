import type { Dispatcher } from "undici";
import { sendRequest } from "../fetch/http-client.ts";
import { z } from "zod";
import type { Replica, Router } from "../router/router.ts";

const flagName = "storage.remote.read-concurrent-limit";
/** What Prometheus has where nobody set the flag. */
const defaultLimit = 10;
/** Other readers, a second gateway among them, are left as much as this one takes. */
const share = 0.5;
const maxAgeMs = 60_000;
const patienceMs = 2_000;

const flagsAnswer = z.object({ data: z.object({ [flagName]: z.coerce.number().int() }) });

/** How many remote reads the servers take at once, asked of the servers themselves: half of the least of their limits. */
export class ReadBudget {
  readonly #router: Router;
  readonly #dispatcher: Dispatcher;
  readonly #known = new WeakMap<Replica, { limit: number; asked: number }>();

  constructor(router: Router, dispatcher: Dispatcher) {
    this.#router = router;
    this.#dispatcher = dispatcher;
  }

  /** Reads that may be open at a time. A server that has not said otherwise counts with Prometheus' default. */
  get current(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const shard of this.#router.shardIds()) {
      for (const replica of this.#router.candidates(shard)) least = Math.min(least, this.#limitOf(replica));
    }
    return Number.isFinite(least) ? Math.max(1, Math.floor(least * share)) : defaultLimit;
  }

  #limitOf(replica: Replica): number {
    const known = this.#known.get(replica);
    const now = Date.now();
    if (!known || now - known.asked > maxAgeMs) {
      this.#known.set(replica, { limit: known?.limit ?? defaultLimit, asked: now });
      void this.#ask(replica);
    }
    return known?.limit ?? defaultLimit;
  }

  async #ask(replica: Replica): Promise<void> {
    const asked = Date.now();
    try {
      const { body } = await sendRequest(`${replica.url}/api/v1/status/flags`, {
        dispatcher: this.#dispatcher,
        signal: AbortSignal.timeout(patienceMs),
      });
      const limit = flagsAnswer.parse(await body.json()).data[flagName];
      this.#known.set(replica, { limit, asked });
    } catch {
      // asked again when it is next needed and what is known is too old
    }
  }
}
