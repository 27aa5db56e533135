import { spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Complaint, PromfleetError, type Position } from "../errors/promfleet-error.ts";
import type { FleetPlan } from "../plan/fleet-plan.ts";
import type { PositionOf } from "../plan/plan-fleet.ts";
import type { PrometheusFeatures } from "../plan/prometheus-version.ts";
import { configParts } from "../render/config-parts.ts";
import { renderServers } from "../render/render-servers.ts";
import { pathAtLine, pathOfString, type ValuePath } from "../render/yaml-path.ts";
import { yamlText } from "../spec/yaml-text.ts";
import type { FleetSpec } from "../spec/fleet-spec.ts";
import { promtoolRemarks, type Remark } from "./promtool-output.ts";

/** What is to be checked, and by whom. */
export interface PromtoolCheck {
  /** Path of the promtool that belongs to the servers' version. */
  promtool: string;
  features: PrometheusFeatures;
  plan: FleetPlan;
  /** Absolute: what file names in the spec are relative to. */
  baseDir: string;
  positionOf: PositionOf;
}

/**
 * Lets Prometheus' own promtool check what would be written for the servers.
 * @throws PromfleetError PROMETHEUS_CONFIG_REFUSED and PROMETHEUS_RULES_REFUSED with everything it refuses and where that stands in
 * fleet.yaml; PROGRAM_NOT_RUNNABLE where promtool cannot be run
 */
export async function checkWithPromtool(check: PromtoolCheck): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "promfleet-check-"));
  try {
    const complaints = [...(await configComplaints(check, folder)), ...(await ruleComplaints(check, folder))];
    const [first, ...more] = complaints;
    if (first) throw new PromfleetError([first, ...more]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function configComplaints(check: PromtoolCheck, folder: string): Promise<Complaint[]> {
  const { plan, features, baseDir, positionOf } = check;
  // replicas are alike, and so are all shards but the first
  const servers = renderServers(plan, { features, baseDir }).filter(
    ({ server }) =>
      server.replica === plan.servers[0]?.replica &&
      plan.shards.findIndex(({ id }) => id === server.shard) < 2,
  );
  await writeAll(
    folder,
    servers.flatMap(({ files }) => files),
  );
  const whole = await run(check, folder, [
    "check",
    "config",

    ...servers.map(({ configFile }) => configFile),
  ]);
  if (whole.accepted) return [];
  // rule files were checked along; they have a check of their own
  const remarks = promtoolRemarks(whole.output).filter(({ file }) => file.endsWith("/prometheus.yml"));
  if (remarks.length === 0) return [];
  const parts = configParts(plan.spec, baseDir).map((part, index) => ({
    ...part,
    path: `part-${index}.yml`,
    mode: 0o600,
  }));
  await writeAll(folder, parts);
  const { output } = await run(check, folder, [
    "check",
    "config",

    ...parts.map((part) => part.path),
  ]);
  const complaints = promtoolRemarks(output).map((remark): Complaint => {
    const part = parts.find((candidate) => candidate.path === remark.file);
    const place = part && part.inSpec(remarkPath(remark, part.content) ?? ["", 0]);
    const message = `Prometheus ${features.version} refuses ${part?.what ?? "the configuration"}: ${remark.message}`;
    return { code: "PROMETHEUS_CONFIG_REFUSED", message, at: place && nearest(positionOf, place) };
  });
  if (complaints.length > 0) return complaints;
  // each part is fine alone: they do not go together
  const said = remarks[0]?.message ?? "";
  const message = `Prometheus ${features.version} refuses the configuration: ${said}`;
  return [{ code: "PROMETHEUS_CONFIG_REFUSED", message, at: jobNamedIn(said, plan.spec, positionOf) }];
}

async function ruleComplaints(check: PromtoolCheck, folder: string): Promise<Complaint[]> {
  const { plan, features, positionOf } = check;
  // one file a group: names may be used twice
  const groups = plan.spec.rules.map(({ name, group }, index) => ({
    name,
    path: `group-${index}.yml`,
    content: yamlText({ groups: [group] }),
    mode: 0o600,
  }));
  if (groups.length === 0) return [];
  await writeAll(folder, groups);
  const { accepted, output } = await run(check, folder, [
    "check",
    "rules",
    "--lint=none",
    ...groups.map((group) => group.path),
  ]);
  if (accepted) return [];
  const complaints = promtoolRemarks(output).map((remark): Complaint => {
    const index = groups.findIndex((group) => group.path === remark.file);
    const group = groups[index];
    const [, , ...inGroup] = (group && remarkPath(remark, group.content)) ?? [];
    const rule =
      plan.spec.rules[index]?.rules[remark.rule === undefined ? Number(inGroup[1]) : remark.rule.number - 1];
    const place = remark.rule && inGroup.length === 0 ? ["rules", remark.rule.number - 1] : inGroup;
    const what = `${rule ? `rule ${JSON.stringify(rule.name)} of ` : ""}group ${JSON.stringify(group?.name)}`;
    return {
      code: "PROMETHEUS_RULES_REFUSED",
      message: `Prometheus ${features.version} refuses ${what}: ${remark.message}`,
      at: nearest(positionOf, ["spec", "rules", index, ...place]),
    };
  });
  if (complaints.length > 0) return complaints;
  return [
    {
      code: "PROMETHEUS_RULES_REFUSED",
      message: `Prometheus ${features.version} refuses the rules: ${output.trim()}`,
    },
  ];
}

/** What a remark is about, in the text that was checked. */
function remarkPath(remark: Remark, content: string): ValuePath | undefined {
  if (remark.line !== undefined) return pathAtLine(content, remark.line);
  if (remark.rule !== undefined) return undefined;
  // otherwise Prometheus quotes what it does not like, a regular expression with what it puts around it
  for (const [, quoted = "", ticked = ""] of remark.message.matchAll(/"((?:[^"\\]|\\.)+)"|`([^`]+)`/g)) {
    const regex = /^\^\((?:\?s)?\??:?(.*)\)\$$/s.exec(ticked)?.[1];
    for (const word of [quoted, regex ?? ticked]) {
      const found = word === "" ? undefined : pathOfString(content, word);
      if (found) return found;
    }
  }
  return undefined;
}

/** The position of a value, else of what it stands in. */
function nearest(positionOf: PositionOf, place: ValuePath): Position | undefined {
  for (let length = place.length; length > 0; length--) {
    const position = positionOf(place.slice(0, length));
    if (position) return position;
  }
  return undefined;
}

/** The last of the jobs that a message names: of two with one name, the second is one too many. */
function jobNamedIn(message: string, spec: FleetSpec, positionOf: PositionOf): Position | undefined {
  const index = spec.scrapeConfigs.findLastIndex(({ jobName }) => message.includes(JSON.stringify(jobName)));
  return index < 0 ? undefined : nearest(positionOf, ["spec", "scrapeConfigs", index, "job_name"]);
}

async function writeAll(
  folder: string,
  files: readonly { path: string; content: string; mode: number }[],
): Promise<void> {
  for (const file of files) {
    const target = path.join(folder, file.path);
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
    await writeFile(target, file.content, { mode: file.mode });
  }
}

/** ms; one run checks every file. */
const timeout = 60_000;

/** Runs promtool with the folder as its working directory. */
async function run(
  check: PromtoolCheck,
  folder: string,
  args: readonly string[],
): Promise<{ accepted: boolean; output: string }> {
  const features = check.plan.spec.prometheus.extraArgs.filter((flag) =>
    flag.startsWith("--enable-feature=promql-"),
  );
  // what is wrong goes to stderr, which file it is about to stdout: one file for both keeps their order
  const log = path.join(folder, "promtool.log");
  const handle = await open(log, "w", 0o600);
  try {
    const stdio: StdioOptions = ["ignore", handle.fd, handle.fd];
    const options = { cwd: folder, env: {}, stdio, timeout, killSignal: "SIGKILL" } as const;
    const child = spawn(check.promtool, [...args.slice(0, 2), ...features, ...args.slice(2)], options);
    const [code] = (await once(child, "exit")) as [number | null];
    const output = await readFile(log, "utf8");
    if (code === 0) return { accepted: true, output };
    if (code === 1 && output.includes("FAILED")) return { accepted: false, output };
    throw notRunnable(check, code === null ? `did not end within ${timeout / 1000} s` : output.trim());
  } catch (error) {
    throw error instanceof PromfleetError
      ? error
      : notRunnable(check, error instanceof Error ? error.message : "");
  } finally {
    await handle.close();
  }
}

function notRunnable(check: PromtoolCheck, why: string): PromfleetError {
  const message = `${check.promtool} cannot check the configuration: ${why}`;
  return new PromfleetError({ code: "PROGRAM_NOT_RUNNABLE", message });
}
