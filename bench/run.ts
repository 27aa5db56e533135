/**
 * `make bench`, or `node bench/run.ts [--series 10000] [--shards 2] [--rounds 5] [--prometheus 3.16] [-o json]`: what the gateway
 * costs. The same data, in the same run, asked of one Prometheus directly and through the gateway. Every answer is checked before
 * it is timed: exit code 1 when one is not the direct one.
 */
import os from "node:os";
import { parseArgs } from "node:util";
import { api, ask } from "../e2e/harness/http.ts";
import { endEverythingOnExit, peakResidentBytes } from "../e2e/harness/processes.ts";
import { Workplace } from "../e2e/harness/workplace.ts";
import { type BedOptions, type Target, startTargets } from "./bed.ts";
import { timeQuestions } from "./paired-timing.ts";
import { questions, smallQuestions } from "./questions.ts";
import { type Findings, toJson, toText } from "./report.ts";
import { seriesPerInstance, written } from "./series.ts";
import { measureThroughput } from "./throughput.ts";

interface Options extends BedOptions {
  rounds: number;
  output: string;
}

class UsageError extends Error {
  override readonly name = "UsageError";
}

const load = { connections: 16, seconds: 5 };
/** The ten instances that two of the questions name. */
const fewestSeries = 10 * seriesPerInstance;

try {
  const options = readOptions();
  endEverythingOnExit();
  const findings = await measure(options);
  console.log(options.output === "json" ? toJson(findings) : toText(findings));
  // ends what was started, too
  process.exit(0);
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  if (process.env["PROMFLEET_DEBUG"]) console.error(error);
  process.exit(error instanceof UsageError ? 2 : 1);
}

async function measure({ rounds, ...bed }: Options): Promise<Findings> {
  const loadBefore = os.loadavg()[0] ?? 0;
  const place = new Workplace("bench");
  // gateways that run alone keep the state of their evaluators there
  process.env["XDG_STATE_HOME"] = place.path("state");
  say(`writing ${bed.series} series`);
  const targets = await startTargets(place, bed);
  say(`asking ${questions.length} questions in ${rounds} rounds`);
  const timed = await timeQuestions(targets, questions, rounds);
  say(`${load.connections} connections for ${load.seconds} s each`);
  const throughput = await measureThroughput(targets, smallQuestions(bed.series), load);
  const { version } = await api<{ version: string }>(targets[0].url, "status/buildinfo");
  return {
    ranOn: {
      node: process.versions.node,
      prometheus: version,
      cpus: os.availableParallelism(),
      cpu: os.cpus()[0]?.model.trim() ?? "unknown CPU",
      load: [loadBefore, os.loadavg()[0] ?? 0],
    },
    data: {
      series: bed.series,
      shards: bed.shards,
      seconds: written.end - written.start,
      everySeconds: written.every,
    },
    rounds,
    connections: load.connections,
    targets: await Promise.all(targets.map(lookBack)),
    timed,
    throughput,
  };
}

/** What a target has to say of itself after the run. */
async function lookBack({ name, what, base, url, pid }: Target): Promise<Findings["targets"][number]> {
  const told = { name, what, ...(base !== undefined && { base }) };
  if (pid === undefined) return told;
  const metrics = (await ask(`${url}/metrics`)).body.toString();
  const ways = [...metrics.matchAll(/^promfleet_gateway_queries_total\{way="(\w+)"\} (\d+)/gm)];
  return {
    ...told,
    peakRssMegabytes: Math.round(peakResidentBytes(pid) / 1024 ** 2),
    ways: Object.fromEntries(ways.map(([, way = "", count]) => [way, Number(count)])),
  };
}

function readOptions(): Options {
  try {
    const { values } = parseArgs({
      options: {
        series: { type: "string", default: "10000" },
        shards: { type: "string", default: "2" },
        rounds: { type: "string", default: "5" },
        prometheus: { type: "string", default: "3.16" },
        output: { type: "string", short: "o", default: "text" },
      },
    });
    const { output, prometheus } = values;
    if (output !== "text" && output !== "json") throw new Error(`--output is text or json, not ${output}`);
    const series = wholeNumber("series", values.series);
    if (series < fewestSeries || series % seriesPerInstance > 0)
      throw new Error(`--series is a multiple of ${seriesPerInstance}, and at least ${fewestSeries}`);
    const shards = wholeNumber("shards", values.shards);
    return { series, shards, rounds: wholeNumber("rounds", values.rounds), prometheus, output };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function wholeNumber(name: string, text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new Error(`--${name} is a whole number above 0, not ${text}`);
}

function say(sentence: string): void {
  process.stderr.write(`${sentence} …\n`);
}
