import { rm } from "node:fs/promises";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { type AcceptedFleet, readAccepted, readOwners, writeAccepted } from "./accepted-fleet.ts";
import { converge, type Heal } from "./converge.ts";
import type { Change } from "./pending-changes.ts";
import type { SelfArgv } from "./desired-processes.ts";
import { evaluatorRecordFile } from "./evaluator-process.ts";
import { buildFleet, type FleetBuild } from "./fleet-build.ts";
import { FleetHealer } from "./fleet-healer.ts";
import { fleetStatus } from "./fleet-status.ts";
import { LocalFleet, type Say } from "./local-fleet.ts";
import { signalProcess } from "./process-identity.ts";
import { findRecorded, readProcessRecord } from "./process-record.ts";
import { unknownServer } from "./server-name.ts";
import { sweepState } from "./state-folder.ts";
import type { StatePaths } from "./state-paths.ts";
import type { StatusDocument } from "./status-document.ts";
import { takeDown } from "./take-down.ts";

export const serverActions = ["stop", "start", "kill", "restart"] as const;
export type ServerAction = (typeof serverActions)[number];

/** Looks after a fleet: one thing at a time, and everything that can be asked of it. */
export class Supervisor {
  readonly #paths: StatePaths;
  readonly #fleet: LocalFleet;
  readonly #say: Say;
  readonly #healer: FleetHealer;
  /** The declaration that is in force. */
  #build: FleetBuild | undefined;
  /** What is being done, and how to have it given up. */
  #work: { what: string; done: Promise<unknown>; abort: AbortController } | undefined;
  #following: NodeJS.Timeout | undefined;
  #ending = false;
  #handed = false;

  /** @param say told of everything that happens, one sentence each */
  constructor(paths: StatePaths, self: SelfArgv, say: Say) {
    this.#paths = paths;
    this.#say = say;
    this.#fleet = new LocalFleet(paths, self, say);
    this.#healer = new FleetHealer(this.#fleet, say);
  }

  /** Takes over what runs. @throws PromfleetError STATE_CORRUPT */
  async begin(): Promise<void> {
    await sweepState(this.#paths);
    const accepted = await readAccepted(this.#paths);
    this.#build = accepted && buildFleet(accepted, await readOwners(this.#paths));
    await this.#fleet.takeOver(this.#build);
    this.#healer.start();
    this.#following = setInterval(() => void this.#follow(), followEvery);
  }

  /** Brings the fleet to the declaration that was accepted last, unless it was handed one since. */
  async resume(): Promise<void> {
    const build = this.#build;
    if (!build || this.#handed || this.#ending) return;
    await this.#alone(
      "start",
      async (signal) => await converge(this.#fleet, build, this.#say, signal, this.#heal),
    );
  }

  /**
   * Brings the fleet to another declaration; what fails is taken back.
   * @throws PromfleetError APPLY_IN_PROGRESS, PORT_TAKEN, NOT_STARTED, CHANGE_FAILED, DISK_FULL …
   */
  async apply(accepted: AcceptedFleet): Promise<readonly Change[]> {
    this.#handed = true;
    return await this.#alone("change", async (signal) => {
      const next = buildFleet(accepted, await readOwners(this.#paths));
      const before = this.#build;
      const { owners } = next.plan;
      const running = this.#fleet.names().length > 0;
      // from the first process on it must be known what the fleet is
      if (!running) await writeAccepted(this.#paths, accepted, owners);
      try {
        const changes = await converge(this.#fleet, next, this.#say, signal, this.#heal);
        await writeAccepted(this.#paths, accepted, owners);
        this.#build = next;
        return changes;
      } catch (error) {
        if (running && before) await this.#takeBack(before, signal);
        else if (!signal.aborted) await this.#undoStart(before);
        throw error;
      }
    });
  }

  async status(): Promise<StatusDocument> {
    return await fleetStatus(this.#paths, { pid: process.pid, state: "running" }, this.#fleet, (name) =>
      this.#healer.status(name),
    );
  }

  /** @throws PromfleetError SERVER_UNKNOWN, USAGE */
  async act(name: string, action: ServerAction): Promise<string> {
    const member = this.#fleet.member(name);
    if (!member) return await this.#actOnEvaluator(name, action);
    const { kept } = member;
    if (action === "kill")
      return kept.kill() ? `${name} is killed, and will be started again` : `${name} does not run`;
    await this.#fleet.holdBack(name, action === "stop");
    if (action !== "start") await kept.stop();
    if (action === "stop") return `${name} is stopped until it is started again`;
    kept.keep();
    return `${name} is ${action}ed`;
  }

  /** Ends the fleet, whatever is being done. */
  async down(say: Say): Promise<void> {
    this.#ending = true;
    clearInterval(this.#following);
    this.#work?.abort.abort(
      new PromfleetError({ code: "TAKEN_DOWN", message: `the fleet in ${this.#paths.root} was taken down` }),
    );
    await this.#work?.done.catch(() => undefined);
    await this.#healer.stop();
    await takeDown(this.#fleet, say);
  }

  readonly #heal: Heal = async (member, build, signal) => await this.#healer.heal(member, build, signal);

  /** Back to the declaration before; what cannot be taken back is told, and shows in the status. */
  async #takeBack(before: FleetBuild, signal: AbortSignal): Promise<void> {
    this.#say("the change is taken back");
    await converge(this.#fleet, before, this.#say, signal, this.#heal).catch((error: unknown) => {
      this.#say(`not all could be taken back: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  async #undoStart(before: FleetBuild | undefined): Promise<void> {
    await takeDown(this.#fleet, this.#say);
    if (before) await writeAccepted(this.#paths, before.accepted, before.plan.owners);
    else for (const file of [this.#paths.accepted, this.#paths.owners]) await rm(file, { force: true });
  }

  async #alone<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#work || this.#ending)
      throw new PromfleetError({
        code: "APPLY_IN_PROGRESS",
        message: this.#ending
          ? "the fleet is being taken down"
          : `another ${this.#work?.what ?? "change"} of the fleet is under way`,
      });
    const abort = new AbortController();
    const done = work(abort.signal);
    this.#work = { what, done, abort };
    try {
      return await done;
    } finally {
      this.#work = undefined;
    }
  }

  async #actOnEvaluator(name: string, action: ServerAction): Promise<string> {
    const record = await readProcessRecord(evaluatorRecordFile(this.#paths.evaluator));
    if (record?.name !== name) throw unknownServer(name, [...this.#fleet.names(), record?.name ?? ""]);
    if (action === "stop" || action === "start")
      throw new PromfleetError({
        code: "USAGE",
        message: `${name} belongs to the gateway, which keeps it running`,
        advice: "Use kill or restart, or stop the gateway.",
      });
    const identity = findRecorded(record);
    return identity && signalProcess(identity, action === "kill" ? "SIGKILL" : "SIGTERM")
      ? `${name} is ended, and the gateway starts it again`
      : `${name} does not run`;
  }

  async #follow(): Promise<void> {
    try {
      await this.#fleet.followEvaluator();
    } catch (error) {
      this.#say(`cannot follow the evaluator: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** ms */
const followEvery = 1000;
