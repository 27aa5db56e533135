const mostEdits = 1000;

/** Lines around a change. */
const context = 3;

interface Edit {
  kind: " " | "-" | "+";
  line: string;
}

/**
 * A unified diff of two texts, as patch(1) takes it, without the two lines of file names; "" when they are equal.
 * Shortest by Myers' algorithm (An O(ND) Difference Algorithm, 1986).
 */
export function unifiedDiff(before: string, after: string): string {
  if (before === after) return "";
  const edits = editsBetween(lines(before), lines(after));
  const changed = edits.flatMap(({ kind }, index) => (kind === " " ? [] : [index]));
  const hunks: [number, number][] = [];
  for (const index of changed) {
    const last = hunks.at(-1);
    const [from, to] = [Math.max(0, index - context), Math.min(edits.length, index + context + 1)];
    if (last && from <= last[1]) last[1] = to;
    else hunks.push([from, to]);
  }
  return hunks.map(([from, to]) => hunk(edits, from, to)).join("");
}

function lines(text: string): string[] {
  const split = text.split("\n");
  if (split.at(-1) === "") split.pop();
  return split;
}

function hunk(edits: readonly Edit[], from: number, to: number): string {
  const count = (part: readonly Edit[], not: Edit["kind"]) => part.filter(({ kind }) => kind !== not).length;
  const [head, part] = [edits.slice(0, from), edits.slice(from, to)];
  const range = (not: Edit["kind"]) => {
    const length = count(part, not);
    return `${count(head, not) + (length > 0 ? 1 : 0)},${length}`;
  };
  const text = part.map(({ kind, line }) => `${kind}${line}\n`).join("");
  return `@@ -${range("+")} +${range("-")} @@\n${text}`;
}

/** What turns a into b, in order. */
function editsBetween(a: readonly string[], b: readonly string[]): Edit[] {
  const trace = furthestReaches(a, b);
  if (!trace)
    return [...a.map((line): Edit => ({ kind: "-", line })), ...b.map((line): Edit => ({ kind: "+", line }))];
  const edits: Edit[] = [];
  let [x, y] = [a.length, b.length];
  for (let distance = trace.length - 1; distance >= 0; distance--) {
    const reach = trace[distance] ?? new Map<number, number>();
    const diagonal = x - y;
    const down = goesDown(reach, diagonal, distance);
    const from = down ? diagonal + 1 : diagonal - 1;
    const startX = distance === 0 ? 0 : (reach.get(from) ?? 0);
    const startY = distance === 0 ? 0 : startX - from;
    while (x > startX && y > startY) {
      x--;
      y--;
      edits.push({ kind: " ", line: a[x] ?? "" });
    }
    if (distance === 0) break;
    if (down) edits.push({ kind: "+", line: b[--y] ?? "" });
    else edits.push({ kind: "-", line: a[--x] ?? "" });
  }
  return edits.toReversed();
}

/**
 * For each number of edits, what was reached with one edit less: on each diagonal the furthest x. Undefined where there are more
 * than anybody reads: time and memory grow with their square.
 */
function furthestReaches(a: readonly string[], b: readonly string[]): Map<number, number>[] | undefined {
  const reach = new Map<number, number>([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let distance = 0; distance <= mostEdits; distance++) {
    trace.push(new Map(reach));
    for (let diagonal = -distance; diagonal <= distance; diagonal += 2) {
      const down = goesDown(reach, diagonal, distance);
      let x = down ? (reach.get(diagonal + 1) ?? 0) : (reach.get(diagonal - 1) ?? 0) + 1;
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x++;
      reach.set(diagonal, x);
      if (x >= a.length && x - diagonal >= b.length) return trace;
    }
  }
  return undefined;
}

/** Whether a diagonal is best reached by an insertion, from the one above. */
function goesDown(reach: ReadonlyMap<number, number>, diagonal: number, distance: number): boolean {
  if (diagonal === -distance) return true;
  return diagonal !== distance && (reach.get(diagonal - 1) ?? -1) < (reach.get(diagonal + 1) ?? -1);
}
