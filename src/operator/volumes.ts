import { bytesOf } from "../render/kubernetes/pod-parts.ts";

/** What is to be done about the volumes of a fleet. */
export interface VolumePlan {
  /** How large they are declared, or have to stay. */
  size: string;
  /** Claims that are smaller than declared. */
  grow: readonly string[];
  /** Why they are not as declared. */
  trouble: string | undefined;
}

/**
 * Volumes grow, and never shrink.
 * @param claims how much each asks for, by name
 */
export function planVolumes(declared: string, claims: ReadonlyMap<string, string>): VolumePlan {
  const wanted = bytesOf(declared) ?? 0;
  const larger = [...claims].find(([, size]) => (bytesOf(size) ?? 0) > wanted);
  if (larger)
    return {
      size: largestOf([...claims.values()]),
      grow: [],
      trouble: `spec.prometheus.storage.size is ${declared}, and claim ${larger[0]} has ${larger[1]}: a volume can not shrink; declare at least that, or another fleet and let this one's data grow old`,
    };
  const grow = [...claims].filter(([, size]) => (bytesOf(size) ?? 0) < wanted).map(([name]) => name);
  return { size: declared, grow, trouble: undefined };
}

/** What stays where growing was refused. */
export function refusedVolumes(
  declared: string,
  claims: ReadonlyMap<string, string>,
  why: string,
): VolumePlan {
  return {
    size: largestOf([...claims.values()]),
    grow: [],
    trouble: `the volumes can not grow to ${declared}: ${why}`,
  };
}

function largestOf(sizes: readonly string[]): string {
  return sizes.toSorted((a, b) => (bytesOf(b) ?? 0) - (bytesOf(a) ?? 0))[0] ?? "";
}
