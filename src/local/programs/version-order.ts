/** "2.42.0+ds" → "2.42.0": what a builder added says nothing about what the program can do. */
export function withoutBuild(version: string): string {
  const plus = version.indexOf("+");
  return (plus < 0 ? version : version.slice(0, plus)).replace(/^v/, "");
}

/** Whether a version is one that is asked for: "3" and "3.16" ask for 3.16.0, "3.1" does not. Absent asks for any. */
export function matchesVersion(version: string, wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  const want = withoutBuild(wanted);
  return version === want || version.startsWith(`${want}.`) || version.startsWith(`${want}-`);
}

/** Negative where `left` is the older one. Numbers compare as numbers; a pre-release comes before its release. */
export function compareVersions(left: string, right: string): number {
  const [leftCore, leftPre] = parts(left);
  const [rightCore, rightPre] = parts(right);
  for (let at = 0; at < Math.max(leftCore.length, rightCore.length); at++) {
    const difference = (leftCore[at] ?? 0) - (rightCore[at] ?? 0);
    if (difference !== 0) return difference;
  }
  if (leftPre === rightPre) return 0;
  if (leftPre === "") return 1;
  if (rightPre === "") return -1;
  return leftPre.localeCompare(rightPre, "en", { numeric: true });
}

function parts(version: string): [number[], string] {
  const plain = withoutBuild(version);
  const dash = plain.indexOf("-");
  const core = dash < 0 ? plain : plain.slice(0, dash);
  const numbers = core.split(".").map((part) => Number.parseInt(part, 10) || 0);
  return [numbers, dash < 0 ? "" : plain.slice(dash + 1)];
}
