import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { renderFleet } from "./render-fleet.ts";

const cache = process.env["PROMFLEET_CACHE"] ?? path.join(homedir(), ".cache", "promfleet");
const prometheus = path.join(cache, "programs/prometheus-3.16.0/prometheus");
const example = path.join(import.meta.dirname, "../render/testdata/one-pair/fleet.yaml");

let folder: string;
let output: string;

beforeEach(async () => {
  const made = await mkdtemp(path.join(tmpdir(), "promfleet-render-"));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  [folder, output] = [made, path.join(made, "out")];
  await cp(example, path.join(folder, "fleet.yaml"));
});

async function render(force = false): Promise<number> {
  return renderFleet(path.join(folder, "fleet.yaml"), output, { force, target: "local" });
}

async function bytesUnder(root: string): Promise<Record<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.join(parentPath, name));
  const read = files.map(
    async (file) => [path.relative(root, file), await readFile(file, "latin1")] as const,
  );
  return Object.fromEntries(await Promise.all(read));
}

describe.skipIf(!existsSync(prometheus))("rendering a declaration", () => {
  it("writes every server's files and the topology, the same bytes each time", async () => {
    expect(await render()).toBe(5);
    const first = await bytesUnder(output);
    expect(Object.keys(first).toSorted()).toEqual([
      ".promfleet-rendered",
      "servers/small-0-a/prometheus.yml",
      expect.stringMatching(/^servers\/small-0-a\/rules-0-[0-9a-f]{20}\.yml$/),
      "servers/small-0-b/prometheus.yml",
      expect.stringMatching(/^servers\/small-0-b\/rules-0-[0-9a-f]{20}\.yml$/),
      "topology.json",
    ]);
    await render();
    expect(await bytesUnder(output)).toEqual(first);
    const { mode } = await stat(path.join(output, "servers/small-0-a/prometheus.yml"));
    expect(mode & 0o777).toBe(0o600);
  });

  it("leaves nothing behind of what is no longer declared", async () => {
    await render();
    const file = path.join(folder, "fleet.yaml");
    await writeFile(file, (await readFile(file, "utf8")).replace("replicas: 2", "replicas: 1"));
    await render();
    expect(await readdir(path.join(output, "servers"))).toEqual(["small-0-a"]);
  });

  it("touches no folder with files of somebody else, unless told to", async () => {
    await mkdir(output);
    await writeFile(path.join(output, "precious"), "keep me");
    await expect(render()).rejects.toMatchObject({ code: "OUTPUT_NOT_EMPTY" });
    expect(await readdir(output)).toEqual(["precious"]);
    await render(true);
    expect(await readdir(output)).not.toContain("precious");
  });

  it("leaves what was there where the declaration is wrong", async () => {
    await render();
    const before = await bytesUnder(output);
    const file = path.join(folder, "fleet.yaml");
    await writeFile(file, (await readFile(file, "utf8")).replace("sum by (job) (", "sum by job ("));
    await expect(render()).rejects.toMatchObject({ code: "PROMETHEUS_RULES_REFUSED" });
    expect(await bytesUnder(output)).toEqual(before);
    expect((await readdir(folder)).toSorted()).toEqual(["fleet.yaml", "out"]);
  });

  it("writes where a link leads", async () => {
    await mkdir(path.join(folder, "real"));
    await symlink("real", output);
    await render();
    expect(await readdir(path.join(folder, "real"))).toContain("topology.json");
  });

  it("says where it cannot write", async () => {
    output = "/proc/promfleet";
    await expect(render()).rejects.toMatchObject({ code: "OUTPUT_NOT_WRITABLE" });
  });

  it("finds a program that is named relative to the declaration", async () => {
    await symlink(path.dirname(prometheus), path.join(folder, "bin"));
    const file = path.join(folder, "fleet.yaml");
    const named = '  prometheus: { binary: ./bin/prometheus, version: "3.16" }\n';
    await writeFile(file, (await readFile(file, "utf8")).replace("spec:\n", `spec:\n${named}`));
    expect(await render()).toBe(5);
  });
});
