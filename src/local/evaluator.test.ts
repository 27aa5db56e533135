import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LocalEvaluator } from "./evaluator.ts";
import { evaluatorRecordFile } from "./evaluator-process.ts";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";
import { readProcessRecord } from "./process-record.ts";
import { findProgram } from "./programs/find-program.ts";
import { shownConfig } from "../servers/prometheus-probe.ts";
import { until } from "./until.ts";

const program = await findProgram("prometheus", { version: "3" }, process.env);
const settings = {
  evaluator: { evaluationInterval: "15s", lookback: "5m", maxSamples: 50_000_000, enableFeatures: [] },
  timeoutMs: 120_000,
  concurrency: 20,
};
let folder: string;
let open: LocalEvaluator[];

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "promfleet-evaluator-"));
  open = [];
});

afterEach(async () => {
  await Promise.all(open.map(async (evaluator) => await evaluator.close()));
  await rm(folder, { recursive: true });
});

async function start(readUrl: string, lookback = "5m"): Promise<LocalEvaluator> {
  const evaluator = await LocalEvaluator.start(
    {
      name: "t-evaluator",
      folder,
      program,
      settings: { ...settings, evaluator: { ...settings.evaluator, lookback } },
    },
    readUrl,
  );
  open.push(evaluator);
  return evaluator;
}

async function identity(): Promise<ProcessIdentity> {
  const record = await readProcessRecord(evaluatorRecordFile(folder));
  if (!record?.identity) throw new Error("no evaluator is recorded");
  return record.identity;
}

const soon = () => AbortSignal.timeout(10_000);

test("is ready quickly, and gone with its record when it is closed", async () => {
  const evaluator = await start("http://127.0.0.1:1/read");
  const { url, features } = await evaluator.ready(soon());
  expect(await shownConfig(url, 1000)).toContain("http://127.0.0.1:1/read");
  expect(features.major).toBe(3);
  const process = await identity();
  await evaluator.close();
  expect(isAlive(process)).toBe(false);
  expect(await readProcessRecord(evaluatorRecordFile(folder))).toBeUndefined();
});

test("is back at the same address after a SIGKILL", async () => {
  const evaluator = await start("http://127.0.0.1:1/read");
  const before = await evaluator.ready(soon());
  const first = await identity();
  process.kill(first.pid, "SIGKILL");
  evaluator.suspect("connection reset");
  expect(evaluator.state).not.toBe("ready");
  const after = await evaluator.ready(soon());
  expect(after.url).toBe(before.url);
  expect((await identity()).pid).not.toBe(first.pid);
});

test("is ended and started again when it hangs", async () => {
  const evaluator = await start("http://127.0.0.1:1/read");
  await evaluator.ready(soon());
  const first = await identity();
  process.kill(first.pid, "SIGSTOP");
  expect(await until(() => !isAlive(first), 15_000)).toBe(true);
  await evaluator.ready(soon());
  expect((await identity()).pid).not.toBe(first.pid);
});

test("outlives its gateway, and the next one turns it to its own endpoint", async () => {
  await (await start("http://127.0.0.1:1/read")).ready(soon());
  const survivor = await identity();
  // the first object stands for a gateway that was killed: it is never told
  const next = await start("http://127.0.0.1:2/read");
  const { url } = await next.ready(soon());
  expect(await identity()).toEqual(survivor);
  expect(await shownConfig(url, 1000)).toContain("http://127.0.0.1:2/read");
});

test("is not taken over when its settings are others", async () => {
  const first = await start("http://127.0.0.1:1/read");
  await first.ready(soon());
  const survivor = await identity();
  await first.close();
  const next = await start("http://127.0.0.1:1/read", "1m");
  await next.ready(soon());
  expect(isAlive(survivor)).toBe(false);
});

test("a caller that gives up waiting gets its own reason", async () => {
  const evaluator = await start("http://127.0.0.1:1/read");
  const reason = new Error("the client went away");
  await expect(evaluator.ready(AbortSignal.abort(reason))).rejects.toBe(reason);
});
