import { z } from "zod";
import { slotCount, type SlotOwners } from "../plan/fleet-plan.ts";
import { readStateFile, writeStateFile } from "./state-file.ts";
import type { StatePaths } from "./state-paths.ts";

/** A fleet.yaml that was checked, and everything else that decides what is run. */
export interface AcceptedFleet {
  /** Absolute path of the file; undefined for the fleet that promfleet brings along. */
  source?: string | undefined;
  /** Absolute: what file names in it are relative to. */
  baseDir: string;
  text: string;
  prometheus: AcceptedProgram;
  /** Where the fleet has a node exporter. */
  nodeExporter?: AcceptedProgram | undefined;
}

export interface AcceptedProgram {
  /** Absolute. */
  path: string;
  version: string;
}

const programSchema = z.object({ path: z.string(), version: z.string() });

export const acceptedSchema: z.ZodType<AcceptedFleet> = z.object({
  source: z.string().optional(),
  baseDir: z.string(),
  text: z.string(),
  prometheus: programSchema,
  nodeExporter: programSchema.optional(),
});

const ownersSchema: z.ZodType<SlotOwners> = z.array(z.string()).length(slotCount);

/** @returns undefined before the first start @throws PromfleetError STATE_CORRUPT */
export async function readAccepted(paths: StatePaths): Promise<AcceptedFleet | undefined> {
  return await readStateFile(paths.accepted, acceptedSchema);
}

/** @returns undefined before the first start @throws PromfleetError STATE_CORRUPT */
export async function readOwners(paths: StatePaths): Promise<SlotOwners | undefined> {
  return await readStateFile(paths.owners, ownersSchema);
}

/** The owners first: a declaration without them would be cut anew, one shard's targets going to another. */
export async function writeAccepted(
  paths: StatePaths,
  accepted: AcceptedFleet,
  owners: SlotOwners,
): Promise<void> {
  await writeStateFile(paths.owners, owners);
  await writeStateFile(paths.accepted, accepted);
}
