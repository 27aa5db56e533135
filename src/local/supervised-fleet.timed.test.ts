import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { type AcceptedFleet, readAccepted } from "./accepted-fleet.ts";
import { askSupervisor } from "./control-client.ts";
import type { SelfArgv } from "./desired-processes.ts";
import { identify, isAlive } from "./process-identity.ts";
import { findProgram } from "./programs/find-program.ts";
import { shownConfig } from "../servers/prometheus-probe.ts";
import { readStatus } from "./read-status.ts";
import { activeTargets } from "../servers/scrape-progress.ts";
import { startFleet } from "./start-fleet.ts";
import { type StatePaths, statePaths } from "./state-paths.ts";
import type { StatusDocument } from "./status-document.ts";
import { stopFleet } from "./stop-fleet.ts";
import { requireSupervisor } from "./supervisor-record.ts";
import { until } from "./until.ts";

/** One fleet, one shard in two replicas, that all of these happen to in turn. */
const self: SelfArgv = [process.execPath, path.resolve(import.meta.dirname, "../cli/main.ts")];
const prometheus = await findProgram("prometheus", { version: "3" }, process.env);
let paths: StatePaths;
let heard: string[];

beforeAll(async () => {
  paths = statePaths(await mkdtemp(path.join(os.tmpdir(), "promfleet-fleet-")));
  await up(declaration());
});

afterAll(async () => {
  await stopFleet(paths, self, true, () => undefined).catch(() => undefined);
  await rm(paths.root, { recursive: true, force: true });
});

function declaration(change: { prometheus?: string; more?: string } = {}): AcceptedFleet {
  return {
    baseDir: paths.root,
    prometheus: { path: prometheus.path, version: prometheus.version },
    text: `apiVersion: promfleet.dev/v1alpha1
kind: PrometheusFleet
metadata: {name: t}
spec:
  shards: 1
  replicas: 2
  prometheus: {scrapeInterval: 1s${change.prometheus ?? ""}}
  monitoring: {fleet: true, node: false, demo: 0}
${change.more ?? ""}`,
  };
}

async function up(accepted: AcceptedFleet) {
  heard = [];
  return await startFleet(paths, accepted, self, (sentence) => heard.push(sentence));
}

async function pids(): Promise<Record<string, number | null>> {
  const { servers, evaluator, others } = await readStatus(paths);
  return Object.fromEntries([...servers, evaluator, ...others].map(({ name, pid }) => [name, pid]));
}

async function server(name: string): Promise<StatusDocument["servers"][number]> {
  const found = (await readStatus(paths)).servers.find((one) => one.name === name);
  if (!found) throw new Error(`no server ${name}`);
  return found;
}

async function act(name: string, action: string): Promise<unknown> {
  return await askSupervisor(await requireSupervisor(paths), `POST /servers/${name}/${action}`);
}

const ready = async (name: string) =>
  expect(await until(async () => (await server(name)).state === "ready", 20_000)).toBe(true);

test("a fleet that is as declared is left alone", async () => {
  const before = await pids();
  expect(await up(declaration())).toEqual({ changes: [], started: false });
  expect(await pids()).toEqual(before);
});

test("a supervisor that is killed takes nobody with it, and the next one takes all of them over", async () => {
  expect(await until(async () => (await readStatus(paths)).whole, 20_000)).toBe(true);
  const before = await pids();
  const { identity } = await requireSupervisor(paths);
  process.kill(identity.pid, "SIGKILL");
  expect(await until(() => !isAlive(identity), 5000)).toBe(true);
  const alone = await readStatus(paths);
  expect(alone).toMatchObject({ whole: false, supervisor: { state: "dead" } });
  expect(alone.servers.map(({ state }) => state)).toEqual(["ready", "ready"]);
  expect(await up(declaration())).toEqual({ changes: [], started: true });
  expect(await pids()).toEqual(before);
});

test("of two that start a fleet at the same moment one is refused", async () => {
  await stopFleet(paths, self, false, () => undefined);
  const outcomes = await Promise.allSettled([up(declaration()), up(declaration())]);
  const refused = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  expect(refused).toHaveLength(1);
  expect(refused[0]).toBeInstanceOf(PromfleetError);
  expect(["START_IN_PROGRESS", "APPLY_IN_PROGRESS"]).toContain((refused[0] as PromfleetError).code);
});

test("a server that is killed is back under the same address", async () => {
  await ready("t-0-a");
  const before = await server("t-0-a");
  await act("t-0-a", "kill");
  expect(
    await until(async () => {
      const now = await server("t-0-a");
      return now.state === "ready" && now.pid !== before.pid;
    }, 20_000),
  ).toBe(true);
  const after = await server("t-0-a");
  expect(after.url).toBe(before.url);
  expect(after).toMatchObject({ restarts: 1, lastError: { text: expect.stringContaining("SIGKILL") } });
});

test("a server that is stopped stays so, and is no process of a fleet that is whole", async () => {
  await act("t-0-b", "stop");
  expect(await server("t-0-b")).toMatchObject({ state: "stopped", pid: null });
  expect((await up(declaration())).changes).toEqual([]);
  expect((await readStatus(paths)).whole).toBe(false);
  await act("t-0-b", "start");
  await ready("t-0-b");
});

test("a changed configuration is reloaded by the same processes", async () => {
  const before = await pids();
  const more = '  rules: [{name: g, rules: [{record: "instance:up", expr: up}]}]\n';
  const { changes } = await up(declaration({ more }));
  expect(changes).toEqual([
    { name: "t-0-a", action: "reload" },
    { name: "t-0-b", action: "reload" },
  ]);
  expect(await pids()).toEqual(before);
  const { url } = await server("t-0-b");
  expect(await shownConfig(url ?? "", 2000)).toMatch(/rules-0-[0-9a-f]+\.yml/);
});

test("a configuration that a server refuses is taken back everywhere", async () => {
  const before = await pids();
  const accepted = await readAccepted(paths);
  const file = path.join(paths.server("t-0-a"), "prometheus.yml");
  const content = await readFile(file, "utf8");
  // promtool would have found it, but this has not been shown to promtool
  const more =
    "  scrapeConfigs: [{job_name: j, relabel_configs: [{source_labels: [a], modulus: 0, action: hashmod}]}]\n";
  await expect(up(declaration({ more }))).rejects.toThrow(
    /t-0-a does not take its new configuration: .*hashmod/,
  );
  expect(await readFile(file, "utf8")).toBe(content);
  expect(await readAccepted(paths)).toEqual(accepted);
  expect(await pids()).toEqual(before);
  const { url } = await server("t-0-a");
  expect(await shownConfig(url ?? "", 2000)).not.toContain("hashmod");
});

test("what needs a restart restarts one replica at a time, the other one scraping", async () => {
  const before = await pids();
  let worst = 2;
  const watching = new AbortController();
  const watch = until(
    async () => {
      const { servers } = await readStatus(paths);
      worst = Math.min(worst, servers.filter(({ state }) => state === "ready").length);
      return false;
    },
    120_000,
    { everyMs: 20, signal: watching.signal },
  );
  const { changes } = await up(declaration({ prometheus: ", retention: 3d" }));
  watching.abort();
  await watch;
  expect(changes.map(({ action }) => action)).toEqual(["restart", "restart"]);
  expect(worst).toBe(1);
  const after = await pids();
  expect(after["t-0-a"]).not.toBe(before["t-0-a"]);
  expect(after["t-gateway"]).toBe(before["t-gateway"]);
  const targets = await activeTargets((await server("t-0-a")).url ?? "");
  expect(targets.filter(({ health }) => health === "up").length).toBeGreaterThan(1);
});

test("a restart that fails is taken back, and the other replica was never touched", async () => {
  const before = await pids();
  const bad = declaration({ prometheus: ", extraArgs: [--no-such-flag]" });
  await expect(up(bad)).rejects.toThrow(/t-0-a does not start: .*no-such-flag/);
  const after = await pids();
  expect(after["t-0-b"]).toBe(before["t-0-b"]);
  await ready("t-0-a");
  expect((await up(declaration({ prometheus: ", retention: 3d" }))).changes).toEqual([]);
});

test("a fleet without a supervisor can be taken down, and nothing is left", async () => {
  const before = Object.values(await pids()).map((pid) => identify(pid ?? 0));
  const { identity } = await requireSupervisor(paths);
  process.kill(identity.pid, "SIGKILL");
  expect(await until(() => !isAlive(identity), 5000)).toBe(true);
  await stopFleet(paths, self, false, () => undefined);
  expect(before.filter((one) => one !== undefined && isAlive(one))).toEqual([]);
  expect(before).not.toContain(undefined);
  expect((await readStatus(paths)).supervisor.state).toBe("stopped");
});

test("a fleet whose state is removed is taken down, as no command would find it", async () => {
  await up(declaration());
  const { identity } = await requireSupervisor(paths);
  const before = Object.values(await pids()).map((pid) => identify(pid ?? 0));
  expect(before).not.toContain(undefined);
  await rm(paths.root, { recursive: true, maxRetries: 5 });
  const alive = () => [identity, ...before].filter((one) => one !== undefined && isAlive(one));
  // the supervisor first, or it starts again what is ended
  onTestFinished(() => {
    for (const one of alive()) if (one) process.kill(one.pid, "SIGKILL");
  });
  expect(await until(() => alive().length === 0, 20_000)).toBe(true);
  await expect(access(paths.root)).rejects.toMatchObject({ code: "ENOENT" });
});
