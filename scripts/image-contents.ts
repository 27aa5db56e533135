import { readFileSync } from "node:fs";
import path from "node:path";

// What promfleet's image is made of. The Dockerfile is written from it, and the image that the tests run on a cluster is made by it.

/** Of the checkout, what is needed to make dist/. */
export const buildInputs = [
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "scripts/bundle.ts",
  "src",
  "docs/reference/fleet.schema.json",
  "docs/reference/topology.schema.json",
] as const;

/** One after the other, in a folder with those. No package needs its install script: what is native is a package of its own. */
export const buildCommands = [
  "npm ci --ignore-scripts --no-audit --no-fund",
  "node scripts/bundle.ts",
  "npm prune --omit=dev --ignore-scripts --no-audit --no-fund",
] as const;

export const imageContents = {
  /** Where promfleet is. */
  folder: "/app",
  /** Of the folder in which it was built. */
  files: ["package.json", "node_modules", "dist"],
  /** Of Prometheus' image, from /bin to /bin: for the evaluator of a gateway, and for the operator, which checks declarations. */
  programs: ["prometheus", "promtool"],
  entry: "/app/dist/promfleet.js",
  /** Nobody. */
  user: 65_534,
  /** What is freed goes back to the system: as bin/promfleet has it. */
  environment: {
    MALLOC_ARENA_MAX: "1",
    MALLOC_MMAP_THRESHOLD_: "32768",
    MALLOC_TOP_PAD_: "0",
  },
} as const;

/** Folders of the packages that promfleet needs to run, as `npm prune --omit=dev` would leave them: "node_modules/snappy". */
export function productionPackages(checkout: string): string[] {
  const lock: unknown = JSON.parse(readFileSync(path.join(checkout, "package-lock.json"), "utf8"));
  const packages = isMap(lock) && isMap(lock["packages"]) ? Object.entries(lock["packages"]) : [];
  return packages
    .filter(([folder, entry]) => folder !== "" && isMap(entry) && !entry["dev"] && !entry["devOptional"])
    .map(([folder]) => folder);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
