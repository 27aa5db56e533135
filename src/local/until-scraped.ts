import { askSupervisor } from "./control-client.ts";
import type { Say } from "./local-fleet.ts";
import type { StatusDocument } from "./status-document.ts";
import type { SupervisorRecord } from "./supervisor-record.ts";
import { until } from "./until.ts";

/** ms */
const poll = 250;
const deadline = 25_000;
/** Prometheus looks for targets every 5 s: a server that has none after this has none. */
const discovery = 12_000;
const sayEvery = 5000;

/**
 * Waits for the first samples: the evaluator is ready, and every server has scraped each of its targets once. Not for ever: some are
 * scraped once an hour.
 * @throws the signal's reason when it aborts
 * @param hasJobs whether there is anything to scrape
 */
export async function untilScraped(
  supervisor: SupervisorRecord,
  hasJobs: boolean,
  say: Say,
  signal: AbortSignal,
): Promise<StatusDocument> {
  const begun = performance.now();
  let said = 1;
  let status: StatusDocument | undefined;
  const look = async () => {
    const found = (await askSupervisor(supervisor, "GET /status")) as StatusDocument;
    status = found;
    const waited = performance.now() - begun;
    const waiting = found.servers.filter(
      ({ targets, state }) =>
        state === "ready" &&
        (!targets ||
          targets.unknown > 0 ||
          (hasJobs && targets.up + targets.down === 0 && waited < discovery)),
    );
    if (waited > said * sayEvery) {
      said++;
      say(
        `waiting for the first samples of ${waiting.map(({ name }) => name).join(", ") || "the evaluator"}`,
      );
    }
    return waiting.length === 0 && found.evaluator.state === "ready";
  };
  await until(look, deadline, { everyMs: poll, signal });
  signal.throwIfAborted();
  if (!status) throw new Error("nobody looked");
  return status;
}
