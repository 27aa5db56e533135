const units = [
  ["y", 365 * 24 * 3600e3],
  ["w", 7 * 24 * 3600e3],
  ["d", 24 * 3600e3],
  ["h", 3600e3],
  ["m", 60e3],
  ["s", 1000],
  ["ms", 1],
] as const;

/** Each unit once at most, from large to small, as Prometheus' configuration has it. */
export const durationPattern =
  /^(?=.)(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** ms; what 64 bits of nanoseconds hold. */
const longest = 2 ** 63 / 1e6;

/** A duration as Prometheus writes it, "1m30s", in ms; undefined where it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  const amounts = durationPattern.exec(text);
  if (!amounts) return undefined;
  const ms = units.reduce((total, [, unit], index) => total + Number(amounts[index + 1] ?? 0) * unit, 0);
  return ms < longest ? ms : undefined;
}
