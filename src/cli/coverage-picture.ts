import type { GapDocument, ReplicaDocument } from "../gateway/coverage/coverage-answer.ts";

/** Of each column: everything was scraped, some targets were not, none was, it is not known, there is nothing that old. */
const signs = { whole: "█", part: "▒", none: "·", unknown: "?", before: " " };

/** A line that shows what a replica has of a time, oldest first. @param from s, as `to` */
export function coverageLine(replica: ReplicaDocument, from: number, to: number, columns: number): string {
  const width = (to - from) / columns;
  return Array.from({ length: columns }, (_, column) => {
    const [start, end] = [from + column * width, from + (column + 1) * width];
    return signs[columnOf(replica, start, end)];
  }).join("");
}

function columnOf(
  { known, oldest, targets, gaps }: ReplicaDocument,
  start: number,
  end: number,
): keyof typeof signs {
  if (oldest !== null && end <= oldest) return "before";
  if (!known || end <= known.from || start >= known.to) return "unknown";
  const open = gaps.filter((gap) => (gap.from ?? -Infinity) < end && (gap.to ?? Infinity) > start);
  if (open.some(({ labels }) => labels === null)) return "unknown";
  if (open.length === 0) return "whole";
  return new Set(open.map(({ labels }) => JSON.stringify(labels))).size >= targets ? "none" : "part";
}

/** Gaps of one replica that lie over each other, as one. */
export interface GapGroup {
  from: number;
  /** null: it goes on. */
  to: number | null;
  targets: { job: string; instance: string }[];
  /** Of all its targets: how many are missing. */
  missed: number;
}

/** What is to be said about the gaps of a replica, oldest first. */
export function gapGroups(gaps: readonly GapDocument[]): GapGroup[] {
  const groups: GapGroup[] = [];
  const known = gaps.flatMap(({ labels, from, ...gap }) =>
    labels && from !== null ? [{ ...gap, labels, from }] : [],
  );
  for (const gap of known.toSorted((left, right) => left.from - right.from)) {
    const last = groups.at(-1);
    if (last && gap.from <= (last.to ?? Infinity)) {
      last.to = last.to === null || gap.to === null ? null : Math.max(last.to, gap.to);
      last.targets.push(gap.labels);
      last.missed += gap.missed ?? 0;
    } else groups.push({ from: gap.from, to: gap.to, targets: [gap.labels], missed: gap.missed ?? 0 });
  }
  return groups.map((group) => ({ ...group, targets: distinct(group.targets) }));
}

const distinct = (targets: GapGroup["targets"]): GapGroup["targets"] => [
  ...new Map(targets.map((target) => [JSON.stringify(target), target])).values(),
];
