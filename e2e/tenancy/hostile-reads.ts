import type { ReadMatcher, ReadQuery } from "../../src/remote-read/read-request.ts";

/** Texts of match[] of /federate. */
export const hostileFederations: readonly (readonly string[])[] = [
  ["gold"],
  ["requests_total"],
  ['requests_total{ns="bank"}', "up"],
  ['{__name__=~".+"}'],
  ['{ns!="shop"}'],
  ['{ns=""}', '{__name__="requests_total",ns=""}'],
  ['up{pod="} or gold{"}', "up"],
];

const matcher = (op: ReadMatcher["op"], name: string, value: string): ReadMatcher => ({ op, name, value });

/** The matchers of the queries of remote reads. */
export const hostileReads: readonly (readonly (readonly ReadMatcher[])[])[] = [
  [[matcher("=", "__name__", "gold")]],
  [[matcher("=", "__name__", "requests_total")]],
  [[matcher("=~", "__name__", ".+")]],
  [[matcher("=", "ns", "bank")]],
  [[matcher("!=", "ns", "shop")]],
  [[matcher("=~", "ns", "bank|shop"), matcher("!=", "__name__", "")]],
  [[matcher("=", "ns", ""), matcher("=", "__name__", "requests_total")]],
  [[matcher("=", "__name__", "up")], [matcher("=", "__name__", "gold")]],
  [[matcher("=~", "ns", "x|")]],
];

/** Of all that there is in some time, with hints that say otherwise. */
export function hostileRead(
  matchers: readonly (readonly ReadMatcher[])[],
  seconds: { start: number; end: number },
): ReadQuery[] {
  const [start, end] = [BigInt(seconds.start) * 1000n, BigInt(seconds.end) * 1000n];
  return matchers.map((one) => ({ start, end, matchers: one, hints: undefined }));
}
