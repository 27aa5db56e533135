/**
 * Holds the direction of imports (.dependency-cruiser.json), and holds the checker itself: it must have seen every
 * source file, and on scripts/canary, where every rule is broken once, it must complain of every rule.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

interface Cruise {
  modules: { source: string }[];
  summary: { violations: { from: string; to: string; rule: { name: string } }[] };
}

const root = path.resolve(import.meta.dirname, "..");
const config = path.join(root, ".dependency-cruiser.json");

function cruise(folder: string, ...args: string[]): Cruise {
  const depcruise = path.join(root, "node_modules/.bin/depcruise");
  const words = [depcruise, "--config", config, "--ts-config", path.join(root, "tsconfig.json")];
  const run = spawnSync(process.execPath, [...words, "--output-type", "json", ...args], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 256 << 20,
  });
  if (!run.stdout.startsWith("{")) throw new Error(`dependency-cruiser said:\n${run.stdout}${run.stderr}`);
  return JSON.parse(run.stdout) as Cruise;
}

const complaints: string[] = [];

const { modules, summary } = cruise(root, "src");
for (const { from, to, rule } of summary.violations) complaints.push(`${from} imports ${to}: ${rule.name}`);

const cruised = new Set(modules.map((module) => module.source));
const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "src/*.ts"], {
  cwd: root,
  encoding: "utf8",
});
const sources = tracked.split("\n").filter(Boolean);
for (const source of sources) if (!cruised.has(source)) complaints.push(`${source} was not looked at`);

const { forbidden } = JSON.parse(readFileSync(config, "utf8")) as { forbidden: { name: string }[] };
const canary = cruise(path.join(root, "scripts/canary"), "src").summary.violations;
const caught = new Set(canary.map((violation) => violation.rule.name));
for (const { name } of forbidden)
  if (!caught.has(name)) complaints.push(`the canary for ${name} was not caught`);

for (const complaint of complaints) console.error(`layers: ${complaint}`);
console.log(`layers: ${sources.length} files, ${forbidden.length} rules, ${complaints.length} complaints`);
process.exitCode = complaints.length === 0 ? 0 : 1;
