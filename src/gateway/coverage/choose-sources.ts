import { regexOfAny } from "../../remote-read/quote-regex.ts";
import type { ReadMatcher } from "../../remote-read/read-request.ts";
import type { Covering, CutPlan, Hole, HoleTarget, Lack, Piece } from "./hole.ts";
import type { Slice } from "./cut-times.ts";

/** Says for each slice which replica gives it, or which gives which targets of it. */
export function chooseSources<R>(covering: readonly Covering<R>[], slices: readonly Slice[]): CutPlan<R> {
  const pieces: Piece<R>[] = [];
  const lacking = new Lacking();
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
  return { pieces, lacking: lacking.found };
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
function split({ from, to, holes }: Slice, current: number, lacking: Lacking): Source[] {
  const lacks = holes.map(byTarget);
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
  for (const [name, { target, own }] of lacks[base] ?? []) {
    const other = usable.find((replica) => !lacks[replica]?.has(name));
    if (other === undefined) {
      if (own.some((hole) => hasScrapes(hole, from, to))) lacking.add({ ...target, from, to });
    } else {
      const moved = elsewhere.get(other) ?? [];
      moved.push(target);
      elsewhere.set(other, moved);
    }
  }
  return filtered(base, elsewhere);
}

/** Holes by the names of their targets; those of all targets are not among them. */
function byTarget(holes: readonly Hole[]): Map<string, { target: HoleTarget; own: Hole[] }> {
  const found = new Map<string, { target: HoleTarget; own: Hole[] }>();
  for (const hole of holes) {
    if (hole.target === "all") continue;
    const name = nameOf(hole.target);
    const before = found.get(name);
    if (before) before.own.push(hole);
    else found.set(name, { target: hole.target, own: [hole] });
  }
  return found;
}

const nameOf = ({ job, instance }: HoleTarget): string => `${job}\u0000${instance}`;

/** A slice around a missed scrape is at least so long, one between two scrapes seldom is. In intervals. */
const shortest = 0.5;

/** Whether scrapes that are missed lie in a slice, and not only the times around them, as far as that is known. */
function hasScrapes(hole: Hole, from: number, to: number): boolean {
  const common = Math.min(hole.to, to) - Math.max(hole.from, from);
  return common >= Math.min(shortest * hole.interval, hole.to - hole.from) - 1;
}

/** What is lacking of each target, in one piece where it goes on. */
class Lacking {
  readonly found: Lack[] = [];
  readonly #last = new Map<string, Lack>();

  add(more: Lack): void {
    const name = nameOf(more);
    const before = this.#last.get(name);
    if (before?.to === more.from - 1) before.to = more.to;
    else {
      this.found.push(more);
      this.#last.set(name, more);
    }
  }
}

const missing = (holes: Slice["holes"], replica: number): number => holes[replica]?.length ?? 0;

/**
 * Matchers that part all series into those of the given targets and the rest. A pair of job and instance can not be left out by one
 * matcher, so each job with such a target is read by itself.
 */
function filtered(base: number, elsewhere: ReadonlyMap<number, readonly HoleTarget[]>): Source[] {
  const moved = [...elsewhere.values()].flat();
  const jobs = [...new Set(moved.map(({ job }) => job))].toSorted();
  if (jobs.length === 0) return [{ replica: base, matchers: [] }];
  const sources: Source[] = [
    { replica: base, matchers: [{ op: "!~", name: "job", value: regexOfAny(jobs) }] },
  ];
  for (const job of jobs) {
    const own: ReadMatcher = { op: "=", name: "job", value: job };
    const instances = (targets: readonly HoleTarget[]) =>
      regexOfAny(targets.flatMap((one) => (one.job === job ? [one.instance] : [])));
    sources.push({ replica: base, matchers: [own, { op: "!~", name: "instance", value: instances(moved) }] });
    for (const [replica, targets] of elsewhere)
      if (targets.some((one) => one.job === job))
        sources.push({ replica, matchers: [own, { op: "=~", name: "instance", value: instances(targets) }] });
  }
  return sources;
}
