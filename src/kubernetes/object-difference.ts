import { createHash } from "node:crypto";
import { isMap } from "./api-object.ts";

/** What was applied last, told by the object itself: an unset field cannot be seen by comparing what is set. */
export const appliedAnnotation = "promfleet.dev/applied";

/** Of what is to be. */
export function contentOf(object: unknown): string {
  return createHash("sha256").update(JSON.stringify(object)).digest("hex").slice(0, 20);
}

/**
 * Whether a live object has everything as it is to be: all else of it is others'. What the API server writes otherwise, quantities and
 * empty values, is the same.
 * @returns the first field that differs, as people write it: "spec.replicas"; undefined where none does
 */
export function differenceIn(wanted: unknown, live: unknown, way = ""): string | undefined {
  if (isMap(wanted)) {
    if (!isMap(live)) return isEmpty(wanted) && live === undefined ? undefined : way;
    for (const [key, value] of Object.entries(wanted)) {
      const found = differenceIn(value, live[key], way === "" ? key : `${way}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (Array.isArray(wanted)) {
    if (!Array.isArray(live)) return wanted.length === 0 && live === undefined ? undefined : way;
    if (live.length !== wanted.length) return way;
    for (const [index, value] of wanted.entries()) {
      const found = differenceIn(value, live[index], `${way}[${index}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (wanted === live || (isEmpty(wanted) && isEmpty(live)) || isSameQuantity(wanted, live)) return undefined;
  return way;
}

/** What the API server leaves out. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === "") return true;
  return isMap(value) && Object.keys(value).length === 0;
}

const quantity = /^(\d+(?:\.\d+)?)(m|[kMGTPE]i?)?$/;
const factors: Readonly<Record<string, number>> = {
  m: 0.001,
  "": 1,
  ...Object.fromEntries(["k", "M", "G", "T", "P", "E"].map((unit, power) => [unit, 1000 ** (power + 1)])),
  ...Object.fromEntries(
    ["K", "M", "G", "T", "P", "E"].map((unit, power) => [`${unit}i`, 1024 ** (power + 1)]),
  ),
};

/** "1024Mi" is "1Gi". */
function isSameQuantity(wanted: unknown, live: unknown): boolean {
  const [left, right] = [numberOf(wanted), numberOf(live)];
  return left !== undefined && left === right;
}

function numberOf(value: unknown): number | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const [, number = "", unit = ""] = quantity.exec(String(value)) ?? [];
  return number === "" ? undefined : Number(number) * (factors[unit.replace("ki", "Ki")] ?? Number.NaN);
}
