import { Command, Option } from "commander";
import { exit } from "../errors/exit-codes.ts";
import type { MemberStatus, ServerStatus, StatusDocument } from "../local/status-document.ts";
import { type ClusterOptions, withCluster } from "./cluster-options.ts";
import { paint } from "./progress.ts";
import { existingState, type StateOption, withState } from "./state-option.ts";

export function command(): Command {
  return withCluster(withState(new Command("status")))
    .description("show every process of a fleet: state, since when, targets, series, last error")
    .addOption(
      new Option("--target <target>", "where it runs").choices(["local", "kubernetes"]).default("local"),
    )
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json"]).default("text"))
    .addHelpText("after", help)
    .action(run);
}

const help = `
Exit code 1 when the fleet is not whole: something is not ready, stopped, or there is no supervisor.

Examples:
  $ promfleet status
  $ promfleet status --target kubernetes -n monitoring
  $ promfleet status -o json | jq -r '.servers[] | "\\(.name) \\(.url) \\(.state)"'
`;

interface Options extends StateOption, ClusterOptions {
  output: "text" | "json";
  target: "local" | "kubernetes";
}

async function run({ output, target, ...options }: Options): Promise<void> {
  if (target === "kubernetes") {
    const { clusterStatus } = await import("./cluster-status.ts");
    process.exitCode = (await clusterStatus(options, output)) ? exit.ok : exit.no;
    return;
  }
  const { readStatus } = await import("../local/read-status.ts");
  const status = await readStatus(await existingState(options));
  process.stdout.write(output === "json" ? `${JSON.stringify(status, undefined, 2)}\n` : describe(status));
  process.exitCode = status.whole ? exit.ok : exit.no;
}

function describe(status: StatusDocument): string {
  const { fleet, gateway, supervisor, servers, others, evaluator, state, source } = status;
  const rows = [
    ["NAME", "STATE", "SINCE", "RESTARTS", "TARGETS", "SERIES", "PID", "URL"],
    ...[...servers, evaluator, ...others].map(row),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) => colour(column, cell, cell.padEnd(widths?.[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  const supervised =
    supervisor.state === "running"
      ? `supervisor running (process ${supervisor.pid})`
      : supervisor.state === "stopped"
        ? "down; promfleet up starts it"
        : `supervisor ${supervisor.state}: nothing is restarted; promfleet up takes over what still runs`;
  const errors = [...servers, evaluator, ...others].flatMap(({ name, lastError }) =>
    lastError ? [`${name}, ${ago(Date.now() - Date.parse(lastError.at))} ago: ${lastError.text}`] : [],
  );
  const healed = servers.flatMap(describeHealing);
  return [
    `${paint(process.stdout, "bold", fleet)}  ${gateway}  ${status.whole ? "whole" : "not whole"}`,
    `${supervised}, state in ${state}, from ${source ?? "the built-in declaration"}`,
    "",
    ...lines,
    ...(healed.length > 0 ? ["", "Healing:", ...healed.map((line) => `  ${line}`)] : []),
    ...(errors.length > 0 ? ["", "Last errors:", ...errors.map((error) => `  ${error}`)] : []),
    "",
  ].join("\n");
}

/** What a server is given, or was given last, of what it missed. */
function describeHealing({ name, healing }: ServerStatus): string[] {
  if (healing?.now) {
    const { partner, holes, done, samples, since } = healing.now;
    return [
      `${name} is given what it missed by ${partner} since ${ago(Date.now() - Date.parse(since))}: ${done} of ${holes} holes, ${samples} samples`,
    ];
  }
  if (!healing?.last) return [];
  const { at, partners, samples, series, seconds } = healing.last;
  return [
    `${name}, ${ago(Date.now() - Date.parse(at))} ago: ${samples} samples of ${series} series from ${partners.join(", ")} in ${seconds.toFixed(1)} s`,
  ];
}

function row(member: MemberStatus | ServerStatus): string[] {
  const { name, state, since, restarts, pid, url } = member;
  const [targets, series] =
    "targets" in member ? [targetsOf(member), member.series?.toString() ?? "-"] : ["", ""];
  return [
    name,
    state,
    since === null ? "-" : ago(Date.now() - Date.parse(since)),
    restarts?.toString() ?? "-",
    targets,
    series,
    pid?.toString() ?? "-",
    url ?? "-",
  ];
}

function targetsOf({ targets }: ServerStatus): string {
  if (!targets) return "-";
  const { up, down, unknown } = targets;
  return [`${up} up`, ...(down > 0 ? [`${down} down`] : []), ...(unknown > 0 ? [`${unknown} new`] : [])].join(
    ", ",
  );
}

/** ms as people say it. */
function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}

function colour(column: number, cell: string, padded: string): string {
  if (column !== 1 || cell === "STATE") return padded;
  return paint(process.stdout, cell === "ready" ? "green" : cell === "starting" ? "yellow" : "red", padded);
}
