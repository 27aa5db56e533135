import type { CoverageDocument, ReplicaDocument } from "../gateway/coverage/coverage-answer.ts";
import { type GapGroup, coverageLine, gapGroups } from "./coverage-picture.ts";

const narrowest = 20;
const mostGroups = 10;

/** Coverage as text: a picture of each server, and a line for each gap. @param from s since 1970, as `to` */
export function describeCoverage(
  { complete, shards }: CoverageDocument,
  from: number,
  to: number,
  width: number,
): string {
  const replicas = shards.flatMap((shard) => shard.replicas);
  const names = Math.max(6, ...replicas.map(({ server }) => server.length));
  const columns = Math.max(narrowest, Math.min(width, 160) - names - 2);
  const ends = `${time(from)}${time(to).padStart(columns - time(from).length)}`;
  const lines = [`${" ".repeat(names)}  ${ends}`];
  for (const replica of replicas) {
    lines.push(`${replica.server.padEnd(names)}  ${coverageLine(replica, from, to, columns)}`);
  }
  lines.push("");
  for (const replica of replicas) lines.push(...about(replica));
  if (!complete) lines.push("Not all of the history has been read yet: what is unknown counts as there.");
  return `${lines.join("\n")}\n`;
}

function about({ server, targets, gaps, error }: ReplicaDocument): string[] {
  const groups = gapGroups(gaps);
  const shown = groups.slice(-mostGroups);
  const rest = groups.length - shown.length;
  return [
    ...(error === null ? [] : [`${server}  cannot be read: ${error}`]),
    ...(groups.length === 0 ? [`${server}  no gaps, ${targets} targets`] : []),
    ...(rest > 0 ? [`${server}  ${rest} older gaps`] : []),
    ...shown.map((group) => `${server}  ${describeGroup(group, targets)}`),
  ];
}

function describeGroup({ from, to, targets, missed }: GapGroup, all: number): string {
  const span = to === null ? `since ${time(from)}` : `${time(from)} to ${time(to)}`;
  const [first] = targets;
  const who =
    targets.length === 1 && first
      ? `${first.job} ${first.instance}`
      : targets.length >= all
        ? `all ${all} targets`
        : `${targets.length} of ${all} targets, ${first?.job ?? ""} ${first?.instance ?? ""} among them`;
  return `missed ${span}: ${who}, ${missed} scrapes`;
}

const two = (value: number): string => String(value).padStart(2, "0");

/** In the time of this machine. */
function time(seconds: number): string {
  const date = new Date(seconds * 1000);
  return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
