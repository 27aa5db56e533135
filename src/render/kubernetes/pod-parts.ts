import type { ResourcesSpec } from "../../spec/fleet-spec.ts";

/** Nobody, as the images have it. */
const user = 65_534;

/** What the Pod Security level `restricted` demands of a pod. */
export const podSecurity = {
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: user,
  fsGroup: user,
  // a volume of many files is not walked through at each start
  fsGroupChangePolicy: "OnRootMismatch",
  seccompProfile: { type: "RuntimeDefault" },
} as const;

/** And of a container. */
export const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
} as const;

/** Asks a container's port `http`. */
export function probe(path: string): Record<string, unknown> {
  return { httpGet: { path, port: "http" }, timeoutSeconds: 3 };
}

/** Where nothing is asked for: little enough for any node, and a bound that one server cannot pass. */
export function resourcesOr(
  { requests, limits }: ResourcesSpec,
  defaults: { cpu: string; memory: string },
): { requests: Readonly<Record<string, string>>; limits: Readonly<Record<string, string>> } {
  const memory = limits?.["memory"] ?? requests?.["memory"] ?? defaults.memory;
  return {
    requests: { cpu: defaults.cpu, memory, ...requests },
    limits: { memory, ...limits },
  };
}

/** Go is to collect before the system kills it: nine tenths of the limit. Undefined where the limit is not understood. */
export function goMemoryLimit(memory: string | undefined): string | undefined {
  const bytes = memory === undefined ? undefined : bytesOf(memory);
  return bytes === undefined ? undefined : String(Math.floor(bytes * 0.9));
}

const units = ["", "k", "M", "G", "T", "P", "E"];

/** Bytes of a quantity: "2Gi", "500M", "1073741824". */
export function bytesOf(quantity: string): number | undefined {
  const [, number = "", unit = "", binary] =
    /^(\d+(?:\.\d+)?)([kMGTPE]?)(i?)$/.exec(quantity.replace("K", "k")) ?? [];
  if (number === "") return undefined;
  return Math.floor(Number(number) * (binary ? 1024 : 1000) ** units.indexOf(unit));
}
