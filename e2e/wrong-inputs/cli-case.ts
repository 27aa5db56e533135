import type { ObstacleName } from "./obstacles.ts";

/** A command that must be refused. It runs in a folder of its own that holds the files, and leaves it as it was. */
export interface CliCase {
  name: string;
  files?: Record<string, string | Buffer>;
  args: readonly string[];
  code: number;
  /** All of them are on stderr. */
  says: readonly RegExp[];
  /** What is in the way on the machine; the case is skipped where that cannot be had. */
  obstacle?: ObstacleName;
}

export const head =
  "apiVersion: promfleet.dev/v1alpha1\nkind: PrometheusFleet\nmetadata: {name: main}\nspec:\n";

/** A declaration whose first line of spec is line 5. */
export const spec = (text: string): Record<string, string> => ({ "fleet.yaml": head + text });

/** The spec of a fleet that is up soon. */
export const small = "  shards: 1\n  replicas: 1\n  monitoring: {fleet: false, node: false, demo: 0}\n";
