import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { companionOf, findProgram } from "./find-program.ts";
import type { Environment, FoundProgram } from "./program.ts";

// The real programs as this machine has them; each test lays them out anew by links.
let newer: FoundProgram;
let older: FoundProgram;
beforeAll(async () => {
  newer = await findProgram("prometheus", { version: "3" });
  older = await findProgram("prometheus", { version: "2" });
});

let folder: string;
let env: Environment;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "promfleet-find-"));
  env = {
    PATH: path.join(folder, "bin"),
    PROMFLEET_CACHE: path.join(folder, "cache"),
    PROMFLEET_RELEASES: "off",
    PROMFLEET_DISTRIBUTION: "off",
  };
});
afterEach(() => rm(folder, { recursive: true }));

async function link(program: string, to: string): Promise<string> {
  const file = path.join(folder, to);
  await mkdir(path.dirname(file), { recursive: true });
  await symlink(program, file);
  return file;
}

async function script(to: string, text: string): Promise<string> {
  const file = path.join(folder, to);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${text}\n`);
  await chmod(file, 0o755);
  return file;
}

const cached = (program: FoundProgram) => `cache/programs/prometheus-${program.version}/prometheus`;

async function complaintOf(promise: Promise<unknown>): Promise<PromfleetError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof PromfleetError) return error;
  throw new Error("no complaint", { cause: error });
}

test("the newest is taken where no version is asked for, wherever it lies", async () => {
  await link(older.path, "bin/prometheus");
  const inCache = await link(newer.path, cached(newer));
  expect(await findProgram("prometheus", {}, env)).toEqual({ ...newer, path: inCache, source: "cache" });
});

test("a version is found by prefix, on PATH before the cache", async () => {
  const onPath = await link(older.path, "bin/prometheus");
  await link(older.path, cached(older));
  await link(newer.path, cached(newer));
  expect(await findProgram("prometheus", { version: "2.42" }, env)).toEqual({
    ...older,
    path: onPath,
    source: "path",
  });
});

test("the path in the spec goes before the one in the environment, that before PATH", async () => {
  await link(newer.path, "bin/prometheus");
  const inEnv = await link(older.path, "env/prometheus");
  const inSpec = await link(newer.path, "spec/prometheus");
  const withEnv = { ...env, PROMFLEET_PROMETHEUS: inEnv };
  expect(await findProgram("prometheus", {}, withEnv)).toMatchObject({ path: inEnv, source: "environment" });
  expect(await findProgram("prometheus", { path: inSpec }, withEnv)).toMatchObject({
    path: inSpec,
    source: "spec",
  });
});

test("a path that somebody named is never passed over in silence", async () => {
  await link(newer.path, "bin/prometheus");
  const gone = await complaintOf(findProgram("prometheus", { path: path.join(folder, "gone") }, env));
  expect(gone.code).toBe("PROGRAM_NOT_RUNNABLE");
  expect(gone.message).toContain("there is no such file");
  const tool = await complaintOf(
    findProgram("prometheus", {}, { ...env, PROMFLEET_PROMETHEUS: (await companionOf(newer)) ?? "" }),
  );
  expect(tool.message).toContain("says that it is promtool, not prometheus");
  const wrong = await complaintOf(findProgram("prometheus", { path: older.path, version: "3" }, env));
  expect(wrong.code).toBe("PROGRAM_WRONG_VERSION");
  expect(wrong.message).toContain("is version 2.42.0, and 3 is asked for");
});

test("what is called like it but cannot be run is named among the tries", async () => {
  await script("bin/prometheus", "echo hello");
  await script(cached(newer), "exit 3");
  await script("cache/programs/.new-half-1-ff/entry/prometheus", "exit 0");
  await link(older.path, cached(older));
  const error = await complaintOf(findProgram("prometheus", { version: "3.16" }, env));
  expect(error.code).toBe("PROGRAM_MISSING");
  expect(error.message.replaceAll(folder, "DIR").split("\n").slice(0, -1)).toEqual([
    "no prometheus 3.16 was found",
    "  - PROMFLEET_PROMETHEUS: is not set",
    "  - DIR/bin/prometheus: does not answer --version as a program of the Prometheus project does",
    `  - DIR/${cached(newer)}: cannot be run (3)`,
    `  - DIR/${cached(older)}: is ${older.version}`,
    "  - official release: is switched off by PROMFLEET_RELEASES=off",
    "  - Debian's package prometheus: is switched off by PROMFLEET_DISTRIBUTION=off [PROGRAM_MISSING]",
  ]);
});

test("a program that is replaced is asked again", async () => {
  const file = await link(older.path, "bin/prometheus");
  expect((await findProgram("prometheus", {}, env)).version).toBe(older.version);
  await rm(file);
  await link(newer.path, "bin/prometheus");
  expect((await findProgram("prometheus", {}, env)).version).toBe(newer.version);
});

test("a link to a program finds the companion beside the program itself", async () => {
  await link(newer.path, "bin/prometheus");
  const found = await findProgram("prometheus", {}, env);
  expect(await companionOf(found)).toBe(await companionOf(newer));
});
