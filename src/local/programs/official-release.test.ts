import { execFile, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { companionOf, findProgram } from "./find-program.ts";
import { type PinnedRelease, platformOf } from "./pinned-releases.ts";
import type { Environment, FoundProgram } from "./program.ts";

// A release as the project publishes one, made of the real program.
let real: FoundProgram;
let archive: Buffer;
let pins: PinnedRelease[];
let source: string;
const platform = platformOf(process.platform, process.arch) ?? "linux-amd64";

beforeAll(async () => {
  real = await findProgram("alertmanager");
  source = await mkdtemp(path.join(tmpdir(), "promfleet-release-"));
  const top = `alertmanager-${real.version}.${platform}`;
  await mkdir(path.join(source, top));
  await symlink(real.path, path.join(source, top, "alertmanager"));
  await symlink((await companionOf(real)) ?? "", path.join(source, top, "amtool"));
  execFileSync("tar", ["-chf", "a.tar", top], { cwd: source });
  execFileSync("gzip", ["-1", "a.tar"], { cwd: source });
  archive = await readFile(path.join(source, "a.tar.gz"));
  const sha256 = createHash("sha256").update(archive).digest("hex");
  pins = [{ name: "alertmanager", version: real.version, sha256: { [platform]: sha256 } }];
});
afterAll(() => rm(source, { recursive: true }));

let folder: string;
let env: Environment;
let server: Server;
let asked: string[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "promfleet-mirror-"));
  asked = [];
  answer = (_, response) => response.end(archive);
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    answer(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  env = {
    PATH: folder,
    PROMFLEET_CACHE: path.join(folder, "cache"),
    PROMFLEET_RELEASES: `http://127.0.0.1:${port}/mirror/`,
    PROMFLEET_DISTRIBUTION: "off",
  };
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

const left = () => readdir(path.join(folder, "cache/programs"));
const find = (options = {}) => findProgram("alertmanager", {}, env, { releases: pins, ...options });

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Error) return error;
  throw new Error("nothing failed");
}

test("a release is downloaded from the mirror once, and is in the cache from then on", async () => {
  const seen: number[] = [];
  const found = await find({ onProgress: (progress: { bytes: number }) => seen.push(progress.bytes) });
  expect(found).toEqual({
    name: "alertmanager",
    version: real.version,
    path: path.join(folder, `cache/programs/alertmanager-${real.version}/alertmanager`),
    source: "release",
  });
  expect(asked).toEqual([
    `/mirror/prometheus/alertmanager/releases/download/v${real.version}/alertmanager-${real.version}.${platform}.tar.gz`,
  ]);
  expect(seen.at(-1)).toBe(archive.length);
  expect(await companionOf(found)).toBe(path.join(path.dirname(found.path), "amtool"));
  expect(await find()).toEqual({ ...found, source: "cache" });
  expect(asked).toHaveLength(1);
  expect(await left()).toEqual([`alertmanager-${real.version}`]);
});

test("a redirect is followed, as the project's own host answers with one", async () => {
  answer = (request, response) =>
    request.url === "/elsewhere"
      ? response.end(archive)
      : response.writeHead(302, { location: "/elsewhere" }).end();
  expect((await find()).source).toBe("release");
});

test("another archive than the pinned one stops everything and leaves nothing", async () => {
  answer = (_, response) => response.end(Buffer.concat([archive, Buffer.from("x")]));
  const error = await failureOf(find());
  expect(error).toBeInstanceOf(PromfleetError);
  expect((error as PromfleetError).code).toBe("PROGRAM_HASH_MISMATCH");
  expect(error.message).toContain("is pinned");
  expect(await left()).toEqual([]);
});

test("a download that breaks off is told as such and leaves nothing", async () => {
  answer = (_, response) => {
    response.writeHead(200, { "content-length": archive.length });
    response.write(archive.subarray(0, archive.length / 2), () => response.destroy());
  };
  const error = await failureOf(find());
  expect((error as PromfleetError).code).toBe("PROGRAM_MISSING");
  expect(error.message).toContain("the connection broke off");
  expect(await left()).toEqual([]);
});

test("a mirror that refuses, is not there or has no such file is told with its reason", async () => {
  answer = (_, response) => response.writeHead(404).end("no");
  expect((await failureOf(find())).message).toContain("the server answered 404");
  env = { ...env, PROMFLEET_RELEASES: "http://127.0.0.1:1" };
  expect((await failureOf(find())).message).toContain("the connection was refused");
  env = { ...env, PROMFLEET_RELEASES: "http://mirror.invalid" };
  expect((await failureOf(find())).message).toContain("cannot be resolved");
});

test("a version without a pinned checksum is not downloaded", async () => {
  const error = await failureOf(findProgram("alertmanager", { version: "99" }, env, { releases: pins }));
  expect(error.message).toContain(`no pinned checksum for 99 on ${platform} (pinned: ${real.version})`);
  expect(asked).toEqual([]);
});

test("two processes at once both succeed, and one entry stands", async () => {
  const code = `
    const { findProgram } = await import(${JSON.stringify(path.join(import.meta.dirname, "find-program.ts"))});
    const found = await findProgram("alertmanager", {}, ${JSON.stringify(env)}, { releases: ${JSON.stringify(pins)} });
    console.log(found.path);`;
  const run = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", code]);
  const entry = path.join(folder, `cache/programs/alertmanager-${real.version}/alertmanager`);
  const outputs = await Promise.all([run(), run(), run()]);
  expect(outputs.map(({ stdout }) => stdout.trim())).toEqual([entry, entry, entry]);
  expect(await left()).toEqual([`alertmanager-${real.version}`]);
});

test("a process killed in the middle leaves nothing that counts, and the next one cleans up", async () => {
  answer = (_, response) => {
    response.writeHead(200, { "content-length": archive.length });
    response.write(archive.subarray(0, archive.length / 2));
  };
  const code = `
    const { findProgram } = await import(${JSON.stringify(path.join(import.meta.dirname, "find-program.ts"))});
    await findProgram("alertmanager", {}, ${JSON.stringify(env)}, { releases: ${JSON.stringify(pins)} });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "ignore" });
  const deadline = Date.now() + 30_000;
  while (asked.length === 0 && Date.now() < deadline) await sleep(20);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(await left()).toEqual([expect.stringMatching(/^\.new-/)]);

  answer = (_, response) => response.end(archive);
  expect((await find()).source).toBe("release");
  expect(await left()).toEqual([`alertmanager-${real.version}`]);
});

test("an interrupted download ends at once and leaves nothing", async () => {
  const stop = new AbortController();
  answer = (_, response) => {
    response.writeHead(200, { "content-length": archive.length });
    response.write(archive.subarray(0, archive.length / 2), () => stop.abort(new Error("enough")));
  };
  expect((await failureOf(find({ signal: stop.signal }))).message).toBe("enough");
  expect(await left()).toEqual([]);
});
