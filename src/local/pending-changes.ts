import { readFile } from "node:fs/promises";
import type { RenderedFile } from "../render/rendered-file.ts";
import type { GatewayLimits } from "../spec/fleet-spec.ts";
import type { DesiredProcess } from "./desired-processes.ts";
import { differingFiles } from "./member-files.ts";
import { provesConfig } from "./proves-config.ts";
import type { StatePaths } from "./state-paths.ts";

/** What becomes of a process. */
export interface Change {
  name: string;
  action: "start" | "reload" | "restart" | "stop";
}

/** A process as it is now. */
export interface MemberView {
  runs: boolean;
  /** Answers that it is ready. */
  ready: boolean;
  /** The command line that it was started with. */
  argv: readonly string[];
  /** Told to stay stopped. */
  heldBack: boolean;
}

/**
 * What has to be done to come from what runs to what is desired. Changes nothing.
 * @param topology of what is desired
 */
export async function pendingChanges(
  members: ReadonlyMap<string, MemberView>,
  desired: readonly DesiredProcess[],
  topology: RenderedFile,
  paths: StatePaths,
): Promise<Change[]> {
  const changes: Change[] = [];
  for (const one of desired) {
    const action = await actionFor(members.get(one.name), one, topology, paths);
    if (action !== undefined) changes.push({ name: one.name, action });
  }
  const names = new Set(desired.map(({ name }) => name));
  for (const name of members.keys()) if (!names.has(name)) changes.push({ name, action: "stop" });
  return changes;
}

async function actionFor(
  member: MemberView | undefined,
  desired: DesiredProcess,
  topology: RenderedFile,
  paths: StatePaths,
): Promise<Change["action"] | undefined> {
  if (member?.heldBack) return undefined;
  if (!member?.runs) return "start";
  if (!sameWords(member.argv, desired.argv)) return "restart";
  if (desired.kind === "gateway") return (await needsAnother(topology, paths)) ? "restart" : undefined;
  if (!desired.server) return undefined;
  const asWritten = (await differingFiles(paths.root, desired.server.files)).length === 0;
  if (asWritten && !member.ready) return undefined;
  return asWritten && (await provesConfig(desired.url, desired.server)) ? undefined : "reload";
}

/** A gateway starts its evaluator once, and is known by its URL: where these change, another one takes its place. */
async function needsAnother(topology: RenderedFile, paths: StatePaths): Promise<boolean> {
  const before = await readFile(paths.topology, "utf8").catch(() => undefined);
  return before !== undefined && lastingPart(before) !== lastingPart(topology.content);
}

function lastingPart(topology: string): string {
  const { evaluator, limits, tls } = JSON.parse(topology) as {
    evaluator?: unknown;
    limits?: Partial<GatewayLimits>;
    tls?: unknown;
  };
  return JSON.stringify([evaluator, limits?.timeoutMs, limits?.concurrency, tls !== undefined]);
}

function sameWords(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, index) => word === b[index]);
}
