import { setTimeout as pause } from "node:timers/promises";
import { PromfleetError } from "../errors/promfleet-error.ts";
import type { Member, Say } from "./local-fleet.ts";

/** Deaths in a row after which a start has failed. */
const deathsToFail = 3;
/** ms between two words about a long start. */
const patience = 10_000;
/** ms */
const poll = 50;
/** ms; for those that have no write-ahead log to read. */
const deadline = 60_000;

/**
 * Waits until a process is ready.
 * @throws PromfleetError NOT_STARTED when it has died several times, or is not ready in time: a server may take as long as it needs
 * for its write-ahead log, as long as it lives; the signal's reason
 */
export async function untilReady({ kept, desired }: Member, say: Say, signal: AbortSignal): Promise<void> {
  const begun = performance.now();
  const deathsBefore = kept.failures;
  let said = 0;
  while (kept.state !== "ready") {
    const waited = performance.now() - begun;
    const died = kept.failures - deathsBefore >= deathsToFail;
    if (died || (desired.kind !== "server" && waited > deadline))
      throw new PromfleetError({
        code: "NOT_STARTED",
        message: `${desired.name} does not start: ${kept.lastError?.text ?? `it is not ready after ${deadline / 1000} s`}`,
      });
    if (waited > (said + 1) * patience) {
      said++;
      say(`${desired.name} is still starting after ${Math.round(waited / 1000)} s`);
    }
    await pause(poll, undefined, { signal });
  }
}
