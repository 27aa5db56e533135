import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { planFleet } from "../plan/plan-fleet.ts";
import { prometheusFeatures } from "../plan/prometheus-version.ts";
import { slotOfTarget } from "../plan/shard-relabel.ts";
import { testSpec } from "../plan/test-spec.ts";
import type { FleetSpec, ScrapeConfig, Verbatim } from "../spec/fleet-spec.ts";
import { renderServers } from "./render-servers.ts";
import { serverFlags } from "./server-flags.ts";

/** A target as it is written, and its labels once the job's own relabelling is through. */
interface Target {
  address: string;
  labels: Readonly<Record<string, string>>;
  relabelled: Readonly<Record<string, string>>;
}

interface Job {
  name: string;
  targets: readonly Target[];
  onEveryShard?: boolean;
  shardKey?: readonly string[];
  relabel?: readonly Verbatim[];
}

function target(
  address: string,
  labels: Record<string, string> = {},
  relabelled: Record<string, string> = {},
): Target {
  return { address, labels, relabelled: { __address__: address, ...labels, ...relabelled } };
}

function numbered(count: number, make: (index: number) => Target): Target[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

const jobs: readonly Job[] = [
  {
    name: "plain",
    targets: [
      ...numbered(15, (index) => target(`app-${index}.internal:9100`)),
      ...["[::1]:9100", "[2001:db8::7]", "no-port", "UPPER.Example.COM:80", "10.0.0.1:443", "a_b:1"].map(
        (address) => target(address),
      ),
    ],
  },
  {
    name: "named by their own labels",
    targets: [
      ..."zürich ☃|a;b|two\nlines|$1|.*|Ω:1|-"
        .split("|")
        .map((instance) => target("10.9.9.9:1", { instance })),
      target("10.9.9.10:1", { instance: "" }),
      target("10.9.9.11:1", { other: "label" }),
    ],
  },
  {
    name: "named by relabelling",
    relabel: [
      {
        source_labels: ["__address__"],
        regex: "([^:]+):.*",
        target_label: "instance",
        replacement: "node-$1",
      },
    ],
    targets: [
      ...numbered(10, (index) => target(`n${index}:9100`, {}, { instance: `node-n${index}` })),
      target("without-port"),
    ],
  },
  {
    name: "blackbox",
    relabel: [
      { source_labels: ["__address__"], target_label: "__param_target" },
      { source_labels: ["__param_target"], target_label: "instance" },
      { target_label: "__address__", replacement: "127.0.0.1:9115" },
    ],
    targets: numbered(10, (index) => {
      const url = `https://example.com/${index}?a=b&c=${index}`;
      return target(url, {}, { instance: url, __address__: "127.0.0.1:9115" });
    }),
  },
  {
    name: "by tenant",
    shardKey: ["tenant", "app"],
    targets: [
      ...numbered(10, (index) => target(`t${index}:1`, { tenant: `t${index % 3}`, app: `a${index % 2}` })),
      target("none:1"),
      target("half:1", { app: "x" }),
    ],
  },
  { name: "everywhere", onEveryShard: true, targets: numbered(3, (index) => target(`e${index}:1`)) },
];

function scrapeConfig(job: Job): ScrapeConfig {
  return {
    jobName: job.name,
    onEveryShard: job.onEveryShard ?? false,
    shardKey: job.shardKey,
    config: {
      job_name: job.name,
      static_configs: job.targets.map(({ address, labels }) => ({ targets: [address], labels })),
      ...(job.relabel && { relabel_configs: job.relabel }),
    },
  };
}

function spec(shards: number): FleetSpec {
  const prometheus = { ...testSpec.prometheus, scrapeInterval: "1h" };
  return { ...testSpec, shards, replicas: 1, prometheus, scrapeConfigs: jobs.map(scrapeConfig) };
}

const identity = (job: string, address: string, instance: string | undefined) =>
  JSON.stringify([job, address, instance ?? ""]);

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

async function activeTargets(url: string): Promise<Set<string>> {
  const response = await fetch(`${url}/api/v1/targets?state=active`);
  const { data } = (await response.json()) as {
    data: { activeTargets: { discoveredLabels: Record<string, string> }[] };
  };
  return new Set(
    data.activeTargets.map(({ discoveredLabels: labels }) =>
      identity(labels["job"] ?? "", labels["__address__"] ?? "", labels["instance"]),
    ),
  );
}

async function targetsOf(url: string): Promise<Set<string>> {
  const deadline = Date.now() + 30_000;
  // every server has the targets that all scrape
  const wanted = '["everywhere","e2:1",""]';
  for (;;) {
    const found = await activeTargets(url).catch(() => new Set<string>());
    if (found.has(wanted)) return found;
    if (Date.now() > deadline) throw new Error(`no targets at ${url}`);
    await sleep(100);
  }
}

const cache = process.env["PROMFLEET_CACHE"] ?? path.join(homedir(), ".cache", "promfleet");

describe.each(["2.42.0", "3.16.0"])("with Prometheus %s", (version) => {
  const program = path.join(cache, "programs", `prometheus-${version}`, "prometheus");
  const running: ChildProcess[] = [];
  let folder = "";

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "promfleet-targets-"));
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map(ended));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  /** Starts the servers of a fleet and asks each for the targets it keeps. */
  async function kept(shards: number): Promise<Set<string>[]> {
    const fleet = spec(shards);
    const root = path.join(folder, String(shards));
    const plan = planFleet(fleet, () => undefined);
    const features = prometheusFeatures(version);
    const urls = await Promise.all(
      renderServers(plan, { features, baseDir: "/" }).map(async ({ files, folder, configFile }) => {
        await mkdir(path.join(root, folder), { recursive: true });
        for (const file of files)
          await writeFile(path.join(root, file.path), file.content, { mode: file.mode });
        const dataDir = path.join(root, folder, "data");
        const paths = { configFile: path.join(root, configFile), dataDir, listenAddress: "127.0.0.1:0" };
        return start(serverFlags(fleet, features, paths));
      }),
    );
    return Promise.all(urls.map(targetsOf));
  }

  /** @returns the server's URL, once it says where it listens */
  async function start(flags: readonly string[]): Promise<string> {
    const child = spawn(program, flags, { stdio: ["ignore", "ignore", "pipe"] });
    running.push(child);
    const log: string[] = [];
    for await (const line of createInterface({ input: child.stderr })) {
      log.push(line);
      const address = /Listening on.* address=(\S+)/.exec(line)?.[1];
      if (address === undefined) continue;
      child.stderr.resume();
      return `http://${address}`;
    }
    throw new Error(`prometheus ended:\n${log.join("\n")}`);
  }

  it.skipIf(!existsSync(program))(
    "each shard keeps exactly the targets that we compute, together those of the fleet uncut",
    { timeout: 90_000 },
    async () => {
      const shards = 3;
      const expected = Array.from({ length: shards }, () => new Set<string>());
      const { owners } = planFleet(spec(shards), () => undefined);
      for (const job of jobs)
        for (const { address, labels, relabelled } of job.targets) {
          const slot = slotOfTarget(scrapeConfig(job), relabelled);
          for (const [shard, set] of expected.entries())
            if (job.onEveryShard || owners[slot] === String(shard))
              set.add(identity(job.name, address, labels["instance"]));
        }
      expect(Math.min(...expected.map(({ size }) => size))).toBeGreaterThan(10);

      const actual = await kept(shards);
      expect(actual.map((set) => [...set].toSorted())).toEqual(expected.map((set) => [...set].toSorted()));

      const [uncut] = await kept(1);
      expect(new Set(actual.flatMap((set) => [...set]))).toEqual(uncut);
      expect(uncut?.size).toBe(jobs.reduce((sum, { targets }) => sum + targets.length, 0));
    },
  );
});
