import { existsSync, readdirSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { planFleet } from "../plan/plan-fleet.ts";
import { prometheusFeatures } from "../plan/prometheus-version.ts";
import { parseFleet } from "../spec/parse-fleet.ts";
import { preferredAddresses, renderTopology } from "./fleet-topology.ts";
import { renderServers } from "./render-servers.ts";

// Each folder of testdata is a case: fleet.yaml, and under expected/ the files that it makes.
// UPDATE_GOLDEN=1 writes them anew; then read the difference.

const testdata = path.join(import.meta.dirname, "testdata");
const update = Boolean(process.env["UPDATE_GOLDEN"]);

async function filesUnder(folder: string): Promise<Record<string, string>> {
  if (!existsSync(folder)) return {};
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.join(parentPath, name));
  const files = names.map(
    async (name) => [path.relative(folder, name), await readFile(name, "utf8")] as const,
  );
  return Object.fromEntries(await Promise.all(files));
}

it.each(readdirSync(testdata))("renders %s as it did before", async (name) => {
  const folder = path.join(testdata, name);
  const { spec, positionOf } = parseFleet(
    await readFile(path.join(folder, "fleet.yaml"), "utf8"),
    "fleet.yaml",
  );
  const features = prometheusFeatures(`${spec.prometheus.version ?? "3.16"}.0`);
  const plan = planFleet(spec, positionOf);
  const program = { binary: spec.prometheus.binary, version: features.version };
  const files = [
    ...renderServers(plan, { features, baseDir: "/etc/fleet" }).flatMap((server) => server.files),
    renderTopology(plan, preferredAddresses(plan), program, { baseDir: "/etc/fleet" }),
  ];
  const expected = path.join(folder, "expected");
  if (update) {
    await rm(expected, { recursive: true, force: true });
    for (const file of files) {
      await mkdir(path.join(expected, path.dirname(file.path)), { recursive: true });
      await writeFile(path.join(expected, file.path), file.content);
    }
  }
  expect(Object.fromEntries(files.map(({ path, content }) => [path, content]))).toEqual(
    await filesUnder(expected),
  );
});
