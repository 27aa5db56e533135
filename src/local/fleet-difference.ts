import { readdir } from "node:fs/promises";
import path from "node:path";
import { readOwners } from "./accepted-fleet.ts";
import type { AcceptedFleet } from "./accepted-fleet.ts";
import { type DesiredProcess, desiredProcesses, type SelfArgv } from "./desired-processes.ts";
import { buildFleet } from "./fleet-build.ts";
import { assignPorts, portNeeds, readPorts } from "./fleet-ports.ts";
import { HiddenSecrets } from "./hidden-secrets.ts";
import { lookAtMember } from "./look-at-member.ts";
import { contentOf } from "./member-files.ts";
import { type Change, type MemberView, pendingChanges } from "./pending-changes.ts";
import { findRecorded, readAllRecords } from "./process-record.ts";
import type { RenderedFile } from "../render/rendered-file.ts";
import type { StatePaths } from "./state-paths.ts";
import { topologyFile } from "./topology-file.ts";
import { unifiedDiff } from "./unified-diff.ts";

/** What handing a declaration to a fleet would do. */
export interface FleetDifference {
  changes: readonly Change[];
  /** Of the files that are not as they would be. */
  files: readonly FileDifference[];
}

export interface FileDifference {
  /** Servers for which the difference is the same, the one that is shown first. */
  paths: readonly string[];
  /** Unified, without file names and without secrets. */
  diff: string;
}

/** Compares what runs with what a declaration makes. Changes nothing. @throws PromfleetError STATE_CORRUPT, PORT_TAKEN */
export async function fleetDifference(
  paths: StatePaths,
  accepted: AcceptedFleet,
  self: SelfArgv,
): Promise<FleetDifference> {
  const build = buildFleet(accepted, await readOwners(paths));
  const ports = await readPorts(paths);
  const records = await readAllRecords(paths.processes);
  const known = new Set(Object.keys(ports));
  const desired = desiredProcesses(
    build,
    await assignPorts(portNeeds(build.plan), ports, known),
    paths,
    self,
  );
  const views = new Map<string, MemberView>();
  for (const record of records) {
    const identity = findRecorded(record);
    if (!identity && record.stopped !== true) continue;
    const wanted = desired.find(({ name }) => name === record.name);
    const asItIs = wanted && { ...wanted, url: record.url ?? wanted.url };
    const ready =
      identity !== undefined &&
      asItIs !== undefined &&
      (await lookAtMember(asItIs, AbortSignal.timeout(timeout), true)) === "well";
    views.set(record.name, {
      runs: identity !== undefined,
      ready,
      argv: record.argv,
      heldBack: record.stopped ?? false,
    });
  }
  const topology = topologyFile(build, desired);
  return {
    changes: await pendingChanges(views, desired, topology, paths),
    files: await fileDifferences(paths, desired),
  };
}

/** ms */
const timeout = 3000;

async function fileDifferences(
  paths: StatePaths,
  desired: readonly DesiredProcess[],
): Promise<FileDifference[]> {
  const found = new Map<string, string[]>();
  const secrets = new HiddenSecrets();
  for (const { server } of desired) {
    for (const file of server?.files ?? []) {
      const diff = await differenceOf(paths, file, secrets);
      if (diff === "") continue;
      const key = `${path.basename(file.path)}\n${diff}`;
      found.set(key, [...(found.get(key) ?? []), file.path]);
    }
  }
  return [...found].map(([key, files]) => ({ paths: files, diff: key.slice(key.indexOf("\n") + 1) }));
}

async function differenceOf(paths: StatePaths, file: RenderedFile, secrets: HiddenSecrets): Promise<string> {
  const there = path.join(paths.root, file.path);
  const before = (await contentOf(there)) ?? (await ruleFileBefore(there));
  // labels of a rule may be called as they like
  if (path.basename(file.path) !== "prometheus.yml") return unifiedDiff(before, file.content);
  return unifiedDiff(secrets.in(before), secrets.in(file.content));
}

/** The name of a rule file changes with its content: the one that it takes the place of. */
async function ruleFileBefore(file: string): Promise<string> {
  const place = /^rules-\d+-/.exec(path.basename(file))?.[0];
  const folder = path.dirname(file);
  const names = place === undefined ? [] : await readdir(folder).catch(() => []);
  const before = names.find((name) => place !== undefined && name.startsWith(place));
  return before === undefined ? "" : ((await contentOf(path.join(folder, before))) ?? "");
}
