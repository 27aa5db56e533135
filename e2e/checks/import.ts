import { cp, readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import type { Check, CheckContext } from "../harness/check.ts";
import { startPrometheus } from "../harness/prometheus-server.ts";
import { promfleet } from "../harness/promfleet.ts";
import { until, untilElapsed } from "../harness/until.ts";
import { Workplace, checkout } from "../harness/workplace.ts";
import { serveDiscoveryApi } from "../import/discovery-api.ts";
import { keptTargets, poolOf } from "../import/kept-targets.ts";
import { quietConfig } from "../import/quiet-config.ts";

const examples = path.join(checkout, "examples/import");

export const importConfigs: Check = {
  name: "import",
  claim: "five real-world configurations become fleets whose shards keep exactly the original's targets",
  bothVersions: false,
  soakOnly: false,
  run,
};

async function run({ report, prometheus }: CheckContext): Promise<void> {
  await using place = new Workplace("import");
  await using discovery = await serveDiscoveryApi();
  const names = (await readdir(examples)).toSorted();
  report.claim("five configurations", names.length >= 5, names.join(", "));
  const one = async (name: string, index: number) => {
    const folder = place.path(name);
    await cp(path.join(examples, name), folder, { recursive: true });
    try {
      await runOne({ report, prometheus, name, folder, api: discovery.url, shards: 2 + (index % 3) });
    } catch (error) {
      report.claim(`${name} runs to its end`, false, error instanceof Error ? error.message : String(error));
    }
  };
  await Promise.all(names.map(one));
}

interface Example {
  report: CheckContext["report"];
  prometheus: string;
  name: string;
  folder: string;
  /** URL of the Kubernetes API that stands in for every cluster. */
  api: string;
  shards: number;
}

async function runOne(example: Example): Promise<void> {
  const { report, prometheus, name, folder, shards } = example;
  const command = async (...args: string[]) => {
    const ran = await promfleet(args, { cwd: folder });
    report.claim(
      `${name}: ${args[0]}`,
      ran.code === 0,
      ran.code === 0 ? "" : ran.stderr.trim().slice(0, 600),
    );
    return ran.code === 0;
  };
  if (!(await command("init", "--from", "prometheus.yml"))) return;
  const file = path.join(folder, "fleet.yaml");
  const made = await readFile(file, "utf8");
  await writeFile(file, resized(made, shards, prometheus));
  if (!(await command("validate", "-f", "fleet.yaml"))) return;
  if (!(await command("render", "-f", "fleet.yaml", "-o", "rendered"))) return;

  const original = await quietServer(example, "prometheus.yml", "original");
  const rendered = await Promise.all(
    Array.from({ length: shards }, (_, shard) =>
      quietServer(example, `rendered/servers/main-${shard}-a/prometheus.yml`, `shard-${shard}`),
    ),
  );
  await claimSameTargets(example, original, rendered);
}

/** The declaration that init wrote, with another number of shards. */
function resized(text: string, shards: number, version: string): string {
  const changed = text
    .replace(/^  shards: .*$/m, `  shards: ${shards}`)
    .replace(/^(\s*)#?\s*version: .*$/m, `$1version: "${version}"`);
  const { spec } = parse(changed) as { spec: { shards: number } };
  if (spec.shards !== shards) throw new Error("the number of shards could not be set in what init wrote");
  return changed;
}

/** A server with a configuration, that reaches nothing beyond this machine. */
async function quietServer(
  { folder, prometheus, api }: Example,
  config: string,
  name: string,
): Promise<string> {
  const quiet = path.join(folder, path.dirname(config), `${name}.quiet.yml`);
  await writeFile(quiet, quietConfig(await readFile(path.join(folder, config), "utf8"), api));
  const options = { folder: path.join(folder, "run", name), version: prometheus, configFile: quiet };
  return (await startPrometheus(options)).url;
}

async function claimSameTargets(
  { report, name }: Example,
  original: string,
  shards: string[],
): Promise<void> {
  const want = await settledTargets(original);
  const pools = new Set(want.map(poolOf));
  const ofShards = async () => (await Promise.all(shards.map(keptTargets))).flat();
  const missing = async () => {
    const got = new Set(await ofShards());
    return want.filter((target) => !got.has(target));
  };
  // discovery hands out its targets every few seconds; what is then still missing is missing
  await until(
    "the shards have found what the original has",
    15_000,
    async () => (await missing()).length === 0,
  ).catch(() => undefined);
  const each = await Promise.all(shards.map(keptTargets));
  const got = each.flat().filter((target) => pools.has(poolOf(target)));
  const lost = want.filter((target) => !got.includes(target));
  const added = got.filter((target) => !want.includes(target));
  const twice = got.filter((target, index) => got.indexOf(target) !== index && !isTwice(want, target));
  for (const [what, targets] of Object.entries({ lost, added, twice }))
    for (const target of targets.slice(0, 3)) report.figure(`${name}: ${what}`, target);
  const right = want.length > 0 && lost.length + added.length + twice.length === 0;
  const detail = `${want.length} targets in ${pools.size} jobs, on shards ${each.map((targets) => targets.length).join(" + ")}; ${lost.length} lost, ${added.length} added, ${twice.length} twice`;
  report.claim(`${name}: the same targets`, right, detail);
}

const isTwice = (targets: readonly string[], target: string): boolean =>
  targets.indexOf(target) !== targets.lastIndexOf(target);

/** What a server keeps once two looks a while apart agree and every job has been discovered. */
async function settledTargets(url: string): Promise<string[]> {
  await untilElapsed(6000);
  return await until(`${url} has found its targets`, 30_000, async () => {
    const before = await keptTargets(url);
    await untilElapsed(1000);
    const after = await keptTargets(url);
    return after.length > 0 && before.join("\n") === after.join("\n") ? after : undefined;
  });
}
