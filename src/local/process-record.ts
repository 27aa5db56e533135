import { randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { giveWay } from "./give-way.ts";
import { findByMarker, isAlive, type ProcessIdentity } from "./process-identity.ts";
import { type RunningProcess, startProcess } from "./running-process.ts";
import { readStateFile, writeStateFile } from "./state-file.ts";

export type ProcessKind = "server" | "exporter" | "gateway" | "evaluator";

/** What is written down of a process, so that another supervisor can take it over. */
export interface ProcessRecord {
  name: string;
  kind: ProcessKind;
  /** In its environment; the same for all starts under this name. */
  marker: string;
  argv: readonly [string, ...string[]];
  /** Where it can be asked; undefined for a process that nobody asks. */
  url?: string | undefined;
  /** Null from before the start until its id is known. */
  identity: ProcessIdentity | null;
  /** ISO 8601; of the last start. */
  startedAt: string;
  /** Told to stay stopped. */
  stopped?: boolean | undefined;
}

const recordSchema: z.ZodType<ProcessRecord> = z.object({
  name: z.string(),
  kind: z.enum(["server", "exporter", "gateway", "evaluator"]),
  marker: z.string(),
  argv: z.tuple([z.string()], z.string()),
  url: z.string().optional(),
  identity: z.object({ pid: z.number(), started: z.string() }).nullable(),
  startedAt: z.string(),
  stopped: z.boolean().optional(),
});

/** @returns undefined when there is none @throws PromfleetError STATE_CORRUPT */
export async function readProcessRecord(file: string): Promise<ProcessRecord | undefined> {
  return await readStateFile(file, recordSchema);
}

/** All records of a folder. @throws PromfleetError STATE_CORRUPT */
export async function readAllRecords(folder: string): Promise<ProcessRecord[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json") && !name.startsWith("."));
  const records = await Promise.all(
    names.toSorted().map(async (name) => await readProcessRecord(path.join(folder, name))),
  );
  return records.filter((record) => record !== undefined);
}

/** The recorded process, if it is still there: by its identity, or by its marker where it was never written down. */
export function findRecorded(record: ProcessRecord): ProcessIdentity | undefined {
  return record.identity && isAlive(record.identity) ? record.identity : findByMarker(record.marker);
}

export interface RecordedStart {
  name: string;
  kind: ProcessKind;
  argv: readonly [string, ...string[]];
  url?: string | undefined;
  log: string;
  cwd: string;
  /** Whether others go first where the processor is short. */
  givesWay?: boolean;
}

/**
 * Starts a process and writes it down: its marker before, its identity after, so that it can be found again whenever this
 * process is killed.
 * @throws PromfleetError PROGRAM_NOT_RUNNABLE, DISK_FULL, STATE_NOT_WRITABLE; then nothing runs
 */
export async function startRecorded(file: string, start: RecordedStart): Promise<RunningProcess> {
  const before = await readProcessRecord(file);
  const record: ProcessRecord = {
    name: start.name,
    kind: start.kind,
    marker: before?.marker ?? randomUUID(),
    argv: start.argv,
    ...(start.url !== undefined && { url: start.url }),
    identity: null,
    startedAt: new Date().toISOString(),
  };
  await writeStateFile(file, record);
  const running = await startProcess({
    argv: start.argv,
    marker: record.marker,
    log: start.log,
    cwd: start.cwd,
  });
  if (start.givesWay) giveWay(running.identity.pid);
  // if this cannot be written, the marker still finds it
  await writeStateFile(file, { ...record, identity: running.identity }).catch(() => undefined);
  return running;
}
