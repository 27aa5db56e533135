import { spawnSync } from "node:child_process";
import { access, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fetchDebianPackage, unpackDebianPackage } from "./debian-package.ts";
import type { Environment } from "./program.ts";

const isDebian = await access("/etc/debian_version").then(
  () => true,
  () => false,
);

describe.runIf(isDebian)("on a machine of Debian's kind", () => {
  let folder: string;
  let env: Environment;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "promfleet-debian-"));
    env = { ...process.env, PROMFLEET_CACHE: path.join(folder, "cache") };
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("the package's program comes into the cache under the project's own name, and nothing is installed", async () => {
    const before = await readFile("/var/lib/dpkg/status");
    const found = await fetchDebianPackage("node_exporter", undefined, env);
    const entry = (await readdir(path.join(folder, "cache/programs")))[0] ?? "";
    expect(found).toEqual({
      name: "node_exporter",
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      path: path.join(folder, "cache/programs", entry, "node_exporter"),
      source: "distribution",
    });
    expect(await readdir(path.join(folder, "cache/programs", entry))).toEqual(["node_exporter"]);
    expect((await readFile("/var/lib/dpkg/status")).equals(before)).toBe(true);
  });

  test("another version than the distribution's is not downloaded", async () => {
    expect(await fetchDebianPackage("node_exporter", "99", env)).toEqual({
      what: "Debian's package prometheus-node-exporter",
      why: expect.stringMatching(/^it has version \d+\.\d+\.\d+$/),
    });
    expect(await readdir(path.join(folder, "cache/programs"))).toEqual([]);
  });

  test("with empty package lists, lists of its own are fetched, and the machine's stay empty", async () => {
    const lists = path.join(folder, "empty");
    await mkdir(path.join(lists, "partial"), { recursive: true });
    const config = path.join(folder, "apt.conf");
    await writeFile(config, `Dir::State::lists "${lists}";\n`);
    const tree = path.join(folder, "tree");
    await unpackDebianPackage("prometheus-node-exporter", tree, path.join(folder, "scratch"), {
      env: { ...env, APT_CONFIG: config },
    });
    expect(await readdir(path.join(tree, "usr/bin"))).toEqual(["prometheus-node-exporter"]);
    expect(await readdir(path.join(lists, "partial"))).toEqual([]);
  });

  test.runIf(process.getuid?.() === 0)("it needs no root", async ({ skip }) => {
    const nobody = { uid: 65534, gid: 65534, encoding: "utf8", cwd: "/" } as const;
    const module = path.join(import.meta.dirname, "debian-package.ts");
    const reads = spawnSync(process.execPath, ["-e", `fs.readFileSync(${JSON.stringify(module)})`], nobody);
    skip(reads.status !== 0, "nobody cannot read this checkout");
    await chown(folder, nobody.uid, nobody.gid);
    const code = `
      const { fetchDebianPackage } = await import(${JSON.stringify(module)});
      const found = await fetchDebianPackage("node_exporter", undefined, process.env);
      console.log(found.path ?? found.why);`;
    const run = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
      ...nobody,
      env: { ...env, HOME: folder },
    });
    expect(run.stderr).toBe("");
    expect(run.stdout.trim()).toMatch(/^\S+\/node_exporter$/);
    expect((await stat(run.stdout.trim())).uid).toBe(nobody.uid);
  });

  test("a package that apt does not know is told in apt's words", async () => {
    const tree = path.join(folder, "tree");
    const scratch = path.join(folder, "scratch");
    await expect(unpackDebianPackage("no-such-package", tree, scratch, { env })).rejects.toThrow(
      "Unable to locate package no-such-package",
    );
  });
});

test("the distribution can be switched off", async () => {
  expect(await fetchDebianPackage("prometheus", undefined, { PROMFLEET_DISTRIBUTION: "off" })).toEqual({
    what: "Debian's package prometheus",
    why: "is switched off by PROMFLEET_DISTRIBUTION=off",
  });
});
