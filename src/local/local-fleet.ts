import { mkdir, rm } from "node:fs/promises";
import os from "node:os";
import { PromfleetError } from "../errors/promfleet-error.ts";
import type { RenderedFile } from "../render/rendered-file.ts";
import { type DesiredProcess, desiredProcesses, type SelfArgv } from "./desired-processes.ts";
import { evaluatorRecordFile } from "./evaluator-process.ts";
import type { FleetBuild } from "./fleet-build.ts";
import { assignPorts, type PortNeed, portNeeds, type Ports, readPorts } from "./fleet-ports.ts";
import { portIsFree } from "./free-port.ts";
import { KeptProcess } from "./kept-process.ts";
import { lookAtMember } from "./look-at-member.ts";
import { writeFiles } from "./member-files.ts";
import type { MemberView } from "./pending-changes.ts";
import {
  findRecorded,
  type ProcessRecord,
  type RecordedStart,
  readAllRecords,
  readProcessRecord,
} from "./process-record.ts";
import { adoptProcess } from "./running-process.ts";
import { writeStateFile } from "./state-file.ts";
import type { StatePaths } from "./state-paths.ts";
import { targetFiles } from "./target-files.ts";
import { topologyFile } from "./topology-file.ts";

/** ms that a process may take to leave: servers write what they have in memory, the gateway finishes its answers. */
const grace = { server: 120_000, exporter: 5000, gateway: 30_000, evaluator: 5000 };

export type Say = (sentence: string) => void;

/** The processes of a fleet on this machine, as they are: kept running, in files and ports of the state folder. */
export class LocalFleet {
  readonly paths: StatePaths;
  readonly #self: SelfArgv;
  readonly #say: Say;
  readonly #members = new Map<string, Member>();
  #ports: Ports = {};
  /** What topology and targets are made from. */
  #published: FleetBuild | undefined;
  #evaluatorUrl: string | undefined;
  #publishing: Promise<void> = Promise.resolve();

  constructor(paths: StatePaths, self: SelfArgv, say: Say) {
    this.paths = paths;
    this.#self = self;
    this.#say = say;
  }

  /**
   * Goes on with what another supervisor left running.
   * @param build that was in force, so that what dies can be started again
   * @throws PromfleetError STATE_CORRUPT
   */
  async takeOver(build: FleetBuild | undefined): Promise<void> {
    this.#ports = await readPorts(this.paths);
    this.#published = build;
    const desired = build && this.#allHavePorts(build) ? this.desired(build) : [];
    for (const record of await readAllRecords(this.paths.processes)) {
      const identity = findRecorded(record);
      const wanted = desired.find(({ name }) => name === record.name);
      if (!identity && !record.stopped) continue;
      const member = this.#member(wanted ?? orphan(record, this.paths));
      member.runsArgv = record.argv;
      member.heldBack = record.stopped ?? false;
      if (!identity) continue;
      this.#say(`${record.name} is taken over (process ${identity.pid})`);
      member.kept.keep(adoptProcess(identity));
    }
  }

  names(): string[] {
    return [...this.#members.keys()];
  }

  member(name: string): Member | undefined {
    return this.#members.get(name);
  }

  /** How everybody is now. */
  view(): ReadonlyMap<string, MemberView> {
    return new Map(
      [...this.#members].map(([name, { kept, runsArgv, heldBack }]) => [
        name,
        { runs: kept.state !== "stopped", ready: kept.state === "ready", argv: runsArgv, heldBack },
      ]),
    );
  }

  get published(): FleetBuild | undefined {
    return this.#published;
  }

  get evaluatorUrl(): string | undefined {
    return this.#evaluatorUrl;
  }

  /** @throws PromfleetError PORT_TAKEN, DISK_FULL, STATE_NOT_WRITABLE */
  async choosePorts(build: FleetBuild): Promise<void> {
    const running = this.names().filter((name) => this.#members.get(name)?.kept.identity !== undefined);
    const ports = await assignPorts(portNeeds(build.plan), this.#ports, new Set(running));
    await writeStateFile(this.paths.ports, ports);
    this.#ports = ports;
  }

  /** What is to run for a build, with the ports that were chosen. */
  desired(build: FleetBuild): DesiredProcess[] {
    return desiredProcesses(build, this.#ports, this.paths, this.#self);
  }

  /** From its next start on, this is what runs. */
  want(desired: DesiredProcess): Member {
    const member = this.#member(desired);
    member.desired = desired;
    return member;
  }

  /** Ends a process that is no part of the fleet any more. Its data stays. */
  async remove(name: string): Promise<void> {
    await this.#members.get(name)?.kept.stop();
    this.#members.delete(name);
    await rm(this.paths.record(name), { force: true });
  }

  /** Tells the gateway and the servers who is there: topology and targets of a build. */
  async publish(build: FleetBuild): Promise<void> {
    this.#published = build;
    // one after the other, each with what is true by then: an older text must not overwrite a newer one
    const turn = this.#publishing.catch(() => undefined).then(async () => await this.#write());
    this.#publishing = turn;
    await turn;
  }

  async #write(): Promise<void> {
    const build = this.#published;
    if (!build) return;
    await this.writeTargets(build);
    await writeFiles(this.paths.root, [this.topology(build)]);
  }

  /**
   * Tells the servers of a build whom the fleet's own jobs scrape. A server must find the files when it starts: it watches no folder
   * that is not there.
   */
  async writeTargets(build: FleetBuild): Promise<void> {
    const evaluator = await readProcessRecord(evaluatorRecordFile(this.paths.evaluator));
    this.#evaluatorUrl = evaluator?.url;
    const targets = targetFiles(build, this.#ports, this.#evaluatorUrl, os.hostname());
    for (const { server } of build.servers) await writeFiles(this.paths.server(server.name), targets);
  }

  /** topology.json of a build, with the ports that were chosen. */
  topology(build: FleetBuild): RenderedFile {
    return topologyFile(build, this.desired(build));
  }

  /** The evaluator's address is the gateway's affair; when it has changed, the servers are told. */
  async followEvaluator(): Promise<void> {
    const record = await readProcessRecord(evaluatorRecordFile(this.paths.evaluator));
    if (this.#published && record?.url !== undefined && record.url !== this.#evaluatorUrl)
      await this.publish(this.#published);
  }

  /** Stopped by the user: stays so, over restarts of the supervisor too, until it is started. */
  async holdBack(name: string, heldBack: boolean): Promise<void> {
    const member = this.#members.get(name);
    if (!member) return;
    member.heldBack = heldBack;
    const file = this.paths.record(name);
    const record = await readProcessRecord(file);
    if (record) await writeStateFile(file, { ...record, stopped: heldBack });
  }

  #member(desired: DesiredProcess): Member {
    const there = this.#members.get(desired.name);
    if (there) return there;
    const { name, kind } = desired;
    const member: Member = {
      desired,
      heldBack: false,
      runsArgv: [],
      kept: new KeptProcess({
        name,
        recordFile: this.paths.record(name),
        log: this.paths.log(name),
        prepare: async () => await this.#prepare(member),
        look: async (signal, wasReady) => await lookAtMember(member.desired, signal, wasReady),
        startPoll: 100,
        watchPoll: 2000,
        graceMs: grace[kind],
        // a server may take its time over its write-ahead log, and a hanging one may be somebody's debugger
        silenceToHang: Number.POSITIVE_INFINITY,
        startDeadline: Number.POSITIVE_INFINITY,
        onEvent: this.#say,
      }),
    };
    this.#members.set(name, member);
    return member;
  }

  async #prepare(member: Member): Promise<RecordedStart> {
    await this.#makeSureOfPorts(member);
    const { name, kind, argv, url, cwd, server } = member.desired;
    await mkdir(server?.dataDir ?? cwd, { recursive: true, mode: 0o700 });
    if (server) await writeFiles(this.paths.root, server.files);
    member.runsArgv = argv;
    return { name, kind, argv, url, cwd, log: this.paths.log(name) };
  }

  /** Somebody else may have taken a port meanwhile: a server gets another one then. The gateway's address was given away. */
  async #makeSureOfPorts(member: Member): Promise<void> {
    const build = this.#published;
    const { name, kind } = member.desired;
    const need = build && portNeeds(build.plan).find((one) => one.name === name);
    if (!build || !need || (await allFree(need, this.#ports[name] ?? []))) return;
    if (kind === "gateway")
      throw new PromfleetError({
        code: "PORT_TAKEN",
        message: `another program listens at ${member.desired.url}, the gateway's address`,
      });
    const others = new Set(this.names().filter((other) => other !== name));
    this.#ports = await assignPorts(portNeeds(build.plan), this.#ports, others);
    await writeStateFile(this.paths.ports, this.#ports);
    const moved = this.desired(build).find((one) => one.name === name);
    if (moved) member.desired = moved;
    this.#say(`${name} gets another port, its own is taken: ${member.desired.url}`);
    await this.publish(build);
  }

  #allHavePorts({ plan }: FleetBuild): boolean {
    return portNeeds(plan).every(({ name, count }) => (this.#ports[name]?.length ?? 0) >= count);
  }
}

/** One process of the fleet. */
export interface Member {
  desired: DesiredProcess;
  kept: KeptProcess;
  /** The command line of the process that runs, or ran last. */
  runsArgv: readonly string[];
  /** Told to stay stopped. */
  heldBack: boolean;
}

/** A process of which only its record is known: a fleet whose declaration was never accepted. */
function orphan(record: ProcessRecord, paths: StatePaths): DesiredProcess {
  return {
    name: record.name,
    kind: record.kind,
    argv: record.argv,
    url: record.url ?? "",
    cwd: paths.root,
  };
}

async function allFree(need: PortNeed, ports: readonly number[]): Promise<boolean> {
  const free = await Promise.all(ports.map(async (port) => await portIsFree(need.host, port)));
  return free.every(Boolean);
}
