import os from "node:os";
import path from "node:path";
import type { Environment } from "./programs/program.ts";

/** The folder under which every fleet without a --state of its own has its state. */
export function stateHome(env: Environment): string {
  const base = env["XDG_STATE_HOME"] ?? path.join(env["HOME"] ?? os.homedir(), ".local", "state");
  return path.join(base, "promfleet");
}

/** The state folder of a fleet for which none was named. */
export function defaultState(fleet: string, env: Environment): string {
  return path.join(stateHome(env), fleet);
}

/** Where everything of a fleet lies. */
export interface StatePaths {
  /** Absolute. */
  root: string;
  /** Says that the folder is promfleet's, and whose fleet it is. */
  marker: string;
  /** The fleet.yaml that is in force, with where it came from and the programs that run it. */
  accepted: string;
  /** Who owns each slot. */
  owners: string;
  /** Which ports each process was given. */
  ports: string;
  topology: string;
  /** Who supervises, and where it can be spoken to. */
  supervisor: string;
  /** Held while somebody starts or stops the fleet. */
  startLock: string;
  /** Held while somebody copies into a server what it missed. */
  healLock: string;
  processes: string;
  /** The gateway's own folder; its evaluator's is inside. */
  gateway: string;
  evaluator: string;
  logs: string;
  record(name: string): string;
  log(name: string): string;
  server(name: string): string;
}

export function statePaths(folder: string): StatePaths {
  const root = path.resolve(folder);
  const at = (...parts: string[]) => path.join(root, ...parts);
  return {
    root,
    marker: at("promfleet-state.json"),
    accepted: at("accepted.json"),
    owners: at("owners.json"),
    ports: at("ports.json"),
    topology: at("topology.json"),
    supervisor: at("supervisor.json"),
    startLock: at("start.lock"),
    healLock: at("heal.lock"),
    processes: at("processes"),
    gateway: at("gateway"),
    evaluator: at("gateway", "evaluator"),
    logs: at("logs"),
    record: (name) => at("processes", `${name}.json`),
    log: (name) => at("logs", `${name}.log`),
    server: (name) => at("servers", name),
  };
}
