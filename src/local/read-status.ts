import { askSupervisor } from "./control-client.ts";
import { fleetStatus } from "./fleet-status.ts";
import { contentOf } from "./member-files.ts";
import type { StatePaths } from "./state-paths.ts";
import type { StatusDocument } from "./status-document.ts";
import { livingSupervisor } from "./supervisor-record.ts";

/** ms until the supervisor must have begun to answer. */
const patience = 3000;

/** How a fleet is: its supervisor knows best; without one, or when it hangs, records and processes tell. */
export async function readStatus(paths: StatePaths): Promise<StatusDocument> {
  const supervisor = await livingSupervisor(paths);
  if (!supervisor) {
    const state = (await contentOf(paths.supervisor)) === undefined ? "stopped" : "dead";
    return await fleetStatus(paths, { pid: null, state });
  }
  try {
    return (await askSupervisor(supervisor, "GET /status", { beginMs: patience })) as StatusDocument;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "SUPERVISOR_SILENT")) throw error;
    return await fleetStatus(paths, { pid: supervisor.identity.pid, state: "silent" });
  }
}
