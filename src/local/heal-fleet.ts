import { PromfleetError } from "../errors/promfleet-error.ts";
import { type HealedSummary, healFromPartners } from "../heal/heal-from-partners.ts";
import type { HealProgress } from "../heal/heal-progress.ts";
import { healingTerms } from "../heal/healing-terms.ts";
import { readAccepted, readOwners } from "./accepted-fleet.ts";
import { buildFleet } from "./fleet-build.ts";
import { takesSamples } from "./takes-samples.ts";
import { whileNobodyHeals } from "./while-nobody-heals.ts";
import type { Say } from "./local-fleet.ts";
import { readProcessRecord } from "./process-record.ts";
import { readStatus } from "./read-status.ts";
import { unknownServer } from "./server-name.ts";
import type { StatePaths } from "./state-paths.ts";
import type { ServerStatus } from "./status-document.ts";

/** What `heal -o json` prints. */
export interface HealDocument {
  servers: HealedSummary[];
  /** Who could not be healed, and why. */
  left: { server: string; why: string }[];
}

export interface HealFleetOptions {
  /** The one server that is meant; all of them where undefined. */
  name: string | undefined;
  say: Say;
  onProgress: (progress: HealProgress) => void;
  signal: AbortSignal;
}

/**
 * Copies what servers of a fleet lack from their partners, back to the window; with a supervisor or without.
 * @throws PromfleetError FLEET_ABSENT, SERVER_UNKNOWN, HEALING_OFF; HEAL_FAILED where the one that is meant can not be healed
 */
export async function healFleet(paths: StatePaths, options: HealFleetOptions): Promise<HealDocument> {
  const { name, say, signal } = options;
  const { servers, fleet } = await readStatus(paths);
  const meant = name === undefined ? servers : servers.filter((server) => server.name === name);
  const known = servers.map((server) => server.name);
  if (name !== undefined && meant.length === 0) throw unknownServer(name, known);
  const accepted = await readAccepted(paths);
  const terms = accepted && healingTerms(buildFleet(accepted, await readOwners(paths)));
  if (!terms)
    throw new PromfleetError({
      code: "HEALING_OFF",
      message: `the servers of "${fleet}" take no late samples`,
    });
  const document: HealDocument = { servers: [], left: [] };
  await whileNobodyHeals(
    paths,
    (pid) => say(`waiting for process ${pid}, which heals a server`),
    signal,
    async () => {
      for (const server of meant) {
        const partners = partnersOf(server, servers);
        const why = await obstacle(paths, server, partners);
        if (why !== undefined) {
          document.left.push({ server: server.name, why });
          continue;
        }
        const healed = await healFromPartners({
          server: addressOf(server),
          partners: partners.map(addressOf),
          terms,
          since: undefined,
          onProgress: options.onProgress,
          signal,
        }).catch((error: unknown) => {
          if (!(error instanceof PromfleetError)) throw error;
          document.left.push({ server: server.name, why: error.complaints[0].message });
          return undefined;
        });
        if (!healed) continue;
        const { settled: _, recentOutages: __, ...summary } = healed;
        document.servers.push(summary);
      }
    },
  );
  const [left] = document.left;
  if (name !== undefined && left)
    throw new PromfleetError({ code: "HEAL_FAILED", message: `${left.server} is not healed: ${left.why}` });
  return document;
}

function partnersOf({ name, shard }: ServerStatus, servers: readonly ServerStatus[]): ServerStatus[] {
  return servers.filter((other) => other.shard === shard && other.name !== name && other.state === "ready");
}

/** Why a server can not be healed now. */
async function obstacle(
  paths: StatePaths,
  { name, state }: ServerStatus,
  partners: readonly ServerStatus[],
): Promise<string | undefined> {
  if (state !== "ready") return `it is ${state}`;
  if (partners.length === 0) return "no other replica of its shard is ready";
  const record = await readProcessRecord(paths.record(name));
  if (record && !takesSamples(record.argv))
    return "it was started without the receiver; promfleet up restarts it";
  return undefined;
}

function addressOf({ name, url }: ServerStatus): { name: string; url: string } {
  return { name, url: url ?? "" };
}
