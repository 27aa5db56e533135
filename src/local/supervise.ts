import { access, rm } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { isCode } from "./atomic-write.ts";
import { Announcer, serveControl } from "./control-server.ts";
import type { SelfArgv } from "./desired-processes.ts";
import { rotateLog } from "./log-file.ts";
import { identify } from "./process-identity.ts";
import type { Environment } from "./programs/program.ts";
import { requireFleet } from "./state-folder.ts";
import type { StatePaths } from "./state-paths.ts";
import { writeStateFile } from "./state-file.ts";
import { Supervisor } from "./supervisor.ts";
import { livingSupervisor, socketPath, type SupervisorRecord } from "./supervisor-record.ts";

/** ms that a first declaration is waited for before the accepted one is resumed. */
const patience = 15_000;
/** ms */
const rotateEvery = 60_000;
/** ms between two looks at whether the state is there, and how many must miss it. */
const missing = { every: 1000, times: 3 };

export interface SuperviseOptions {
  paths: StatePaths;
  /** How the fleet's own processes are run. */
  self: SelfArgv;
  env: Environment;
  /** Whoever started us is about to hand us a declaration. */
  awaitApply: boolean;
  /** Where every sentence goes. */
  log: (sentence: string) => void;
  /** Ends the fleet, in order. */
  terminate: AbortSignal;
}

/**
 * Supervises a fleet until it is taken down, or its state is removed.
 * @throws PromfleetError FLEET_ABSENT, START_IN_PROGRESS when somebody else does, STATE_CORRUPT …
 */
export async function supervise(options: SuperviseOptions): Promise<void> {
  const { paths, self, env, log, terminate } = options;
  const fleet = await requireFleet(paths);
  const other = await livingSupervisor(paths);
  if (other)
    throw new PromfleetError({
      code: "START_IN_PROGRESS",
      message: `the fleet "${fleet}" has a supervisor already, process ${other.identity.pid}`,
    });
  const announcer = new Announcer();
  announcer.listen(log);
  const supervisor = new Supervisor(paths, self, (sentence) => announcer.say(sentence));
  await supervisor.begin();
  const down = Promise.withResolvers<void>();
  const socket = await socketPath(paths, env);
  const server = await serveControl(socket, supervisor, announcer, down.resolve);
  const identity = identify(process.pid);
  if (!identity) throw new Error("this process cannot identify itself");
  await writeStateFile(paths.supervisor, { identity, socket } satisfies SupervisorRecord);
  announcer.say(`supervises "${fleet}" (process ${process.pid})`);
  const rotating = setInterval(() => void rotateLog(paths.log("supervisor")), rotateEvery);
  const terminated = async () => {
    await supervisor.down((sentence) => announcer.say(sentence));
    down.resolve();
  };
  terminate.addEventListener("abort", () => void terminated(), { once: true });
  const watching = watchState(paths, () => {
    announcer.say("the state is gone, and no command finds the fleet any more: it is taken down");
    void terminated();
  });
  void resume(supervisor, options.awaitApply, announcer, down.promise);
  await down.promise;
  clearInterval(rotating);
  clearInterval(watching);
  await Promise.all([paths.supervisor, socket].map(async (file) => await rm(file, { force: true })));
  server.close();
  server.closeAllConnections();
  announcer.say(`"${fleet}" is down`);
}

/** @param onGone called once, when somebody has removed the state */
function watchState(paths: StatePaths, onGone: () => void): NodeJS.Timeout {
  let missed = 0;
  const timer = setInterval(async () => {
    const gone = await access(paths.root).then(
      () => false,
      (error: unknown) => isCode(error, ["ENOENT"]),
    );
    missed = gone ? missed + 1 : 0;
    if (missed < missing.times) return;
    clearInterval(timer);
    onGone();
  }, missing.every);
  return timer;
}

/** Without anybody's doing the fleet comes back as it was. */
async function resume(
  supervisor: Supervisor,
  awaitApply: boolean,
  announcer: Announcer,
  down: Promise<void>,
): Promise<void> {
  if (awaitApply) await Promise.race([pause(patience, undefined, { ref: false }), down]);
  try {
    await supervisor.resume();
  } catch (error) {
    // an apply that came in time is under way, or was
    if (error instanceof PromfleetError && error.code === "APPLY_IN_PROGRESS") return;
    announcer.say(`cannot resume: ${error instanceof Error ? error.message : String(error)}`);
  }
}
