import { quoteRegex } from "../../remote-read/quote-regex.ts";
import type { ReadMatcher } from "../../remote-read/read-request.ts";
import type { Covering, CutPlan, Hole, HoleTarget, Lack, Piece } from "./hole.ts";
import type { Slice } from "./cut-times.ts";

/** Says for each slice which replica gives it, or which gives which targets of it. */
export function chooseSources<R>(covering: readonly Covering<R>[], slices: readonly Slice[]): CutPlan<R> {
  const pieces: Piece<R>[] = [];
  const lacking: Lack[] = [];
  const open = new Map<string, Piece<R>>();
  let current = 0;
  for (const [index, slice] of slices.entries()) {
    const whole = (replica: number) => slice.holes[replica]?.length === 0;
    if (!whole(current)) current = longestWhole(slices, index) ?? current;
    const sources = whole(current) ? [{ replica: current, matchers: [] }] : split(slice, current, lacking);
    for (const source of sources) {
      const replica = covering[source.replica]?.replica;
      if (replica === undefined) continue;
      const name = JSON.stringify(source);
      const last = open.get(name);
      if (last?.to === slice.from - 1) last.to = slice.to;
      else {
        const piece = { replica, from: slice.from, to: slice.to, matchers: source.matchers };
        open.set(name, piece);
        pieces.push(piece);
      }
    }
  }
  return { pieces, lacking };
}

interface Source {
  replica: number;
  matchers: readonly ReadMatcher[];
}

/** The replica that lacks nothing for the most slices from here on; undefined where each lacks something. */
function longestWhole(slices: readonly Slice[], from: number): number | undefined {
  let best: number | undefined;
  let longest = 0;
  for (const replica of (slices[from]?.holes ?? []).keys()) {
    let length = 0;
    while (slices[from + length]?.holes[replica]?.length === 0) length++;
    if (length > longest) [best, longest] = [replica, length];
  }
  return best;
}

/** Each replica lacks something: one gives what it has, others the targets that it lacks. */
function split({ from, to, holes }: Slice, current: number, lacking: Lack[]): Source[] {
  const usable = [...holes.keys()].filter(
    (replica) => !holes[replica]?.some(({ target }) => target === "all"),
  );
  const counted = usable.length > 0 ? usable : [current];
  const base = counted.reduce((best, replica) =>
    missing(holes, replica) < missing(holes, best) ||
    (missing(holes, replica) === missing(holes, best) && replica === current)
      ? replica
      : best,
  );
  const elsewhere = new Map<number, HoleTarget[]>();
  for (const target of targetsOf(holes[base])) {
    const other = usable.find((replica) => !targetsOf(holes[replica]).some((one) => isSame(one, target)));
    if (other === undefined) {
      if (
        holes[base]?.some(
          (hole) => hole.target !== "all" && isSame(hole.target, target) && hasScrapes(hole, from, to),
        )
      )
        lack(lacking, { ...target, from, to });
    } else elsewhere.set(other, [...(elsewhere.get(other) ?? []), target]);
  }
  return filtered(base, elsewhere);
}

/** A slice around a missed scrape is at least so long, one between two scrapes seldom is. In intervals. */
const shortest = 0.5;

/** Whether scrapes that are missed lie in a slice, and not only the times around them, as far as that is known. */
function hasScrapes(hole: Hole, from: number, to: number): boolean {
  const common = Math.min(hole.to, to) - Math.max(hole.from, from);
  return common >= Math.min(shortest * hole.interval, hole.to - hole.from) - 1;
}

/** Adds to what is lacking, in one piece with what stands before it. */
function lack(lacking: Lack[], more: Lack): void {
  const before = lacking.findLast((one) => isSame(one, more));
  if (before?.to === more.from - 1) before.to = more.to;
  else lacking.push(more);
}

const missing = (holes: Slice["holes"], replica: number): number => holes[replica]?.length ?? 0;

function targetsOf(holes: readonly Hole[] | undefined): HoleTarget[] {
  return (holes ?? []).flatMap(({ target }) => (target === "all" ? [] : [target]));
}

const isSame = (left: HoleTarget, right: HoleTarget): boolean =>
  left.job === right.job && left.instance === right.instance;

/**
 * Matchers that part all series into those of the given targets and the rest. A pair of job and instance can not be left out by one
 * matcher, so each job with such a target is read by itself.
 */
function filtered(base: number, elsewhere: ReadonlyMap<number, readonly HoleTarget[]>): Source[] {
  const moved = [...elsewhere.values()].flat();
  const jobs = [...new Set(moved.map(({ job }) => job))].toSorted();
  if (jobs.length === 0) return [{ replica: base, matchers: [] }];
  const sources: Source[] = [{ replica: base, matchers: [{ op: "!~", name: "job", value: anyOf(jobs) }] }];
  for (const job of jobs) {
    const own: ReadMatcher = { op: "=", name: "job", value: job };
    const instances = (targets: readonly HoleTarget[]) =>
      anyOf([...new Set(targets.flatMap((one) => (one.job === job ? [one.instance] : [])))].toSorted());
    sources.push({ replica: base, matchers: [own, { op: "!~", name: "instance", value: instances(moved) }] });
    for (const [replica, targets] of elsewhere)
      if (targets.some((one) => one.job === job))
        sources.push({ replica, matchers: [own, { op: "=~", name: "instance", value: instances(targets) }] });
  }
  return sources;
}

const anyOf = (values: readonly string[]): string => values.map(quoteRegex).join("|");
