import { mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type PrometheusFeatures, prometheusFeatures } from "../plan/prometheus-version.ts";
import { type EvaluatorSettings, renderEvaluator } from "../render/render-evaluator.ts";
import { writeAtomically } from "./atomic-write.ts";
import { freePort } from "./free-port.ts";
import type { Look } from "../servers/prometheus-probe.ts";
import { isAlive, signalProcess } from "./process-identity.ts";
import { findRecorded, type ProcessRecord, type RecordedStart, readProcessRecord } from "./process-record.ts";
import { lookAtPrometheus, shownConfig } from "../servers/prometheus-probe.ts";
import { adoptProcess, endProcess, type RunningProcess } from "./running-process.ts";

export interface EvaluatorOptions {
  /** `<fleet>-evaluator` */
  name: string;
  /** Absolute path of the folder that is its own: record, configuration, data, log. */
  folder: string;
  program: { path: string; version: string };
  settings: Pick<EvaluatorSettings, "evaluator" | "timeoutMs" | "concurrency">;
  /** Told of every start, death and takeover, one sentence. */
  onEvent?: (sentence: string) => void;
}

/** Where an evaluator's record stands in its folder; whoever looks after the gateway reads it there. */
export function evaluatorRecordFile(folder: string): string {
  return path.join(folder, "evaluator.json");
}

export function evaluatorLogFile(folder: string): string {
  return path.join(folder, "evaluator.log");
}

const host = "127.0.0.1";
/** ms that a look may take: it is on this machine, and nobody else can answer for it. */
const lookTimeout = 400;
/** ms that it may take to tell its configuration. */
const probeTimeout = 2000;
/** ms between two looks at whether a survivor has taken its new configuration. */
const reloadPoll = 50;
/** ms that it may take to leave. */
const evaluatorGrace = 5000;

/** The evaluator of a folder: what to start, what to take over, whether it is well. */
export class EvaluatorProcess {
  readonly features: PrometheusFeatures;
  readonly #options: EvaluatorOptions;
  readonly #readUrl: string;
  #url = "";

  constructor(options: EvaluatorOptions, readUrl: string) {
    this.#options = options;
    this.#readUrl = readUrl;
    this.features = prometheusFeatures(options.program.version);
  }

  /** Base URL, without a trailing slash, of the last one prepared or taken over. */
  get url(): string {
    return this.#url;
  }

  get log(): string {
    return evaluatorLogFile(this.#options.folder);
  }

  /** What to start: with an empty data folder, at the port of the last one if that is free. */
  async prepare(): Promise<RecordedStart> {
    const { name, folder, program } = this.#options;
    const before = await readProcessRecord(evaluatorRecordFile(folder));
    const port = await freePort(host, before?.url === undefined ? [] : [Number(new URL(before.url).port)]);
    const { config, flags } = this.#rendered(`${host}:${port}`);
    await rm(this.#dataDir, { recursive: true, force: true });
    await mkdir(this.#dataDir, { recursive: true, mode: 0o700 });
    await writeAtomically(this.#configFile, config);
    this.#url = `http://${host}:${port}`;
    const argv = [program.path, ...flags] as const;
    return { name, kind: "evaluator", argv, url: this.#url, log: this.log, cwd: folder, givesWay: true };
  }

  /**
   * The process that another gateway left in the folder, brought to our endpoint. One that is not as it should be is ended.
   * @returns undefined when there is none to go on with
   */
  async takeOver(): Promise<RunningProcess | undefined> {
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
    const record = await readProcessRecord(evaluatorRecordFile(this.#options.folder));
    const identity = record && findRecorded(record);
    if (!record || !identity) return undefined;
    const running = adoptProcess(identity);
    if (record.url !== undefined && (await this.#turnedToUs(record, record.url, running))) {
      this.#url = record.url;
      return running;
    }
    await endProcess(running, evaluatorGrace);
    return undefined;
  }

  async look(signal: AbortSignal, knownAsOurs: boolean): Promise<Look> {
    return await lookAtPrometheus(this.#url, knownAsOurs ? undefined : this.#dataDir, signal, lookTimeout);
  }

  /** Nothing is left that somebody could take over. */
  async forget(): Promise<void> {
    await rm(evaluatorRecordFile(this.#options.folder), { force: true }).catch(() => undefined);
    await rm(this.#dataDir, { recursive: true, force: true }).catch(() => undefined);
  }

  /** Makes a survivor read from our endpoint. @returns whether it provably does */
  async #turnedToUs(record: ProcessRecord, url: string, running: RunningProcess): Promise<boolean> {
    const { config, flags } = this.#rendered(new URL(url).host);
    const wanted = [this.#options.program.path, ...flags];
    if (wanted.length !== record.argv.length || wanted.some((word, i) => word !== record.argv[i]))
      return false;
    const before = await readFile(this.#configFile, "utf8").catch(() => "");
    // the endpoint is all that a reload can prove
    if (withoutEndpoint(before) !== withoutEndpoint(config)) return false;
    await writeAtomically(this.#configFile, config);
    const deadline = performance.now() + probeTimeout * 2;
    while (performance.now() < deadline && isAlive(running.identity)) {
      try {
        if ((await shownConfig(url, probeTimeout)).includes(`${this.#readUrl}\n`)) return true;
        signalProcess(running.identity, "SIGHUP");
      } catch {
        // it may be starting; a SIGHUP would end it then
      }
      await pause(reloadPoll);
    }
    return false;
  }

  #rendered(listenAddress: string): { config: string; flags: string[] } {
    return renderEvaluator({
      ...this.#options.settings,
      readUrl: this.#readUrl,
      features: this.features,
      configFile: this.#configFile,
      dataDir: this.#dataDir,
      listenAddress,
    });
  }

  get #configFile(): string {
    return path.join(this.#options.folder, "prometheus.yml");
  }

  get #dataDir(): string {
    return path.join(this.#options.folder, "data");
  }
}

function withoutEndpoint(config: string): string {
  return config.replace(/\burl: .*/, "url:");
}
