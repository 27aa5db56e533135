import { setTimeout as pause } from "node:timers/promises";
import type { Look } from "../servers/prometheus-probe.ts";
import { lastWords } from "./last-words.ts";
import { logSize, rotateLog } from "./log-file.ts";
import { type ProcessIdentity, signalProcess } from "./process-identity.ts";
import { type RecordedStart, startRecorded } from "./process-record.ts";
import { RestartPauses } from "./restart-pauses.ts";
import { endProcess, type RunningProcess } from "./running-process.ts";

/** "unready" was ready and does not answer any more; "restarting" is dead and waits for its next start. */
export type KeptState = "starting" | "ready" | "unready" | "restarting" | "stopping" | "stopped";

export interface Keeping {
  name: string;
  recordFile: string;
  log: string;
  /** Called before every start: writes what it needs and says what to run. What it throws is told, and tried again. */
  prepare(): Promise<RecordedStart>;
  /** @param wasReady since this process started */
  look(signal: AbortSignal, wasReady: boolean): Promise<Look>;
  /** ms between two looks while it starts, and while it is well. */
  startPoll: number;
  watchPoll: number;
  /** ms that it may take to leave after SIGTERM. */
  graceMs: number;
  /** How many looks in a row may be silent before it is ended as hanging. */
  silenceToHang: number;
  /** ms until a start has failed and is made anew. */
  startDeadline: number;
  /** Told of every start, death and change, one sentence that begins with the name. */
  onEvent: (sentence: string) => void;
}

/** A process that is kept running: started, looked after, started again when it dies. */
export class KeptProcess {
  readonly #keeping: Keeping;
  readonly #pauses = new RestartPauses();
  #state: KeptState = "stopped";
  #since = new Date();
  #restarts = 0;
  #lastError: { text: string; at: Date } | undefined;
  #running: RunningProcess | undefined;
  #becameReady = Promise.withResolvers<void>();
  /** Ends the pause between two looks. */
  #wake = new AbortController();
  #stopping = new AbortController();
  #finished: Promise<void> = Promise.resolve();

  constructor(keeping: Keeping) {
    this.#keeping = keeping;
  }

  get name(): string {
    return this.#keeping.name;
  }

  get state(): KeptState {
    return this.#state;
  }

  /** When it came into its state. */
  get since(): Date {
    return this.#since;
  }

  /** Deaths that were followed by a new start. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Deaths in a row without a healthy minute between them. */
  get failures(): number {
    return this.#pauses.failures;
  }

  get lastError(): { text: string; at: Date } | undefined {
    return this.#lastError;
  }

  get identity(): ProcessIdentity | undefined {
    return this.#running?.identity;
  }

  /** Keeps it running from now on. @param survivor a process to go on with instead of starting one */
  keep(survivor?: RunningProcess): void {
    if (this.#state !== "stopped") return;
    this.#stopping = new AbortController();
    this.#enter("starting");
    this.#finished = this.#run(survivor);
  }

  /** Waits until it is ready. @throws the signal's reason when it aborts first */
  async ready(signal: AbortSignal): Promise<void> {
    while (this.#state !== "ready") {
      signal.throwIfAborted();
      const aborted = Promise.withResolvers<never>();
      const abort = () => aborted.reject(signal.reason as Error);
      signal.addEventListener("abort", abort, { once: true });
      try {
        await Promise.race([this.#becameReady.promise, aborted.promise]);
      } finally {
        signal.removeEventListener("abort", abort);
      }
    }
  }

  /** Somebody doubts that it is well: looks at once, and does not count it as ready until a look has found it so. */
  lookNow(): void {
    if (this.#state === "ready") this.#enter("unready");
    this.#wake.abort();
  }

  /** SIGKILL; it is started again like after any death. @returns whether there was a process */
  kill(): boolean {
    return this.#running !== undefined && signalProcess(this.#running.identity, "SIGKILL");
  }

  /** Ends it for good and waits until it is gone. */
  async stop(): Promise<void> {
    if (this.#state === "stopped") return;
    this.#enter("stopping");
    this.#stopping.abort();
    this.#wake.abort();
    await this.#finished;
  }

  async #run(survivor: RunningProcess | undefined): Promise<void> {
    const { signal } = this.#stopping;
    let next = survivor;
    while (!signal.aborted) {
      const begun = performance.now();
      try {
        this.#running = next ?? (await startRecorded(this.#keeping.recordFile, await this.#prepared()));
        await this.#live(this.#running);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        this.#fail(`cannot be started: ${why}`);
        this.#say(`cannot be started: ${why}`);
      }
      await this.#end();
      next = undefined;
      if (signal.aborted) break;
      this.#enter("restarting");
      this.#restarts++;
      const wait = this.#pauses.next(performance.now() - begun);
      this.#say(`is started again${wait > 0 ? ` in ${wait / 1000} s` : ""}`);
      await pause(wait, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) this.#enter("starting");
    }
    this.#enter("stopped");
  }

  async #prepared(): Promise<RecordedStart> {
    await rotateLog(this.#keeping.log).catch(() => undefined);
    return await this.#keeping.prepare();
  }

  async #end(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    const wanted = this.#stopping.signal.aborted;
    if (!(await endProcess(running, wanted ? this.#keeping.graceMs : 0)) && wanted)
      this.#say(`did not leave within ${this.#keeping.graceMs / 1000} s and was killed`);
    this.#running = undefined;
  }

  /** From the start of one process until it has ended, hangs, or is no longer wanted. */
  async #live(running: RunningProcess): Promise<void> {
    const { startPoll, watchPoll, startDeadline, silenceToHang, log } = this.#keeping;
    const stopping = this.#stopping.signal;
    const gone = new AbortController();
    const watched = this.#watchEnd(running, gone, await logSize(log));
    const begun = performance.now();
    let silent = 0;
    let wasReady = false;
    let missed = false;
    while (!gone.signal.aborted && !stopping.aborted) {
      this.#wake = new AbortController();
      const found = await this.#keeping.look(stopping, wasReady);
      if (gone.signal.aborted || stopping.aborted) break;
      silent = found === "silent" ? silent + 1 : 0;
      const life = performance.now() - begun;
      if (silent >= silenceToHang) return this.#giveUpOn(running, "does not answer");
      if (!wasReady && life > startDeadline)
        return this.#giveUpOn(running, `is not ready after ${startDeadline / 1000} s`);
      if (found === "well" && this.#state !== "ready") {
        if (!wasReady) this.#say(`is ready (process ${running.identity.pid}, ${Math.round(life)} ms)`);
        else if (missed) this.#say("answers again");
        [wasReady, missed] = [true, false];
        this.#enter("ready");
        this.#becameReady.resolve();
      } else if (found !== "well" && wasReady && !missed) {
        missed = true;
        this.#say("does not answer");
        this.#enter("unready");
      }
      const wait = this.#state === "ready" ? watchPoll : startPoll;
      await pause(wait, undefined, { signal: this.#wake.signal }).catch(() => undefined);
      if (this.#state === "ready") await rotateLog(log).catch(() => undefined);
    }
    if (gone.signal.aborted) await watched;
  }

  #giveUpOn(running: RunningProcess, why: string): void {
    this.#fail(`${why} (process ${running.identity.pid})`);
    this.#say(`${why} (process ${running.identity.pid}) and is ended`);
  }

  async #watchEnd(running: RunningProcess, gone: AbortController, logBefore: number): Promise<void> {
    const how = await running.ended;
    gone.abort();
    if (this.#state === "ready") this.#enter("unready");
    this.#wake.abort();
    if (this.#stopping.signal.aborted) return;
    const killed = how?.startsWith("SIG") === true;
    const words = killed ? undefined : await lastWords(this.#keeping.log, logBefore, how !== undefined);
    const what = `process ${running.identity.pid} ended${how === undefined ? "" : ` with ${how}`}`;
    this.#fail(words === undefined ? what : `${what}: ${words}`);
    this.#say(`has died: ${this.#lastError?.text}`);
  }

  #fail(text: string): void {
    this.#lastError = { text, at: new Date() };
  }

  #enter(state: KeptState): void {
    if (this.#state === state) return;
    if (this.#state === "ready") this.#becameReady = Promise.withResolvers<void>();
    this.#state = state;
    this.#since = new Date();
  }

  #say(what: string): void {
    this.#keeping.onEvent(`${this.#keeping.name} ${what}`);
  }
}
