import type { KeptState } from "./kept-process.ts";

/** What `status -o json` prints; `up -o json` prints the first of it. */
export interface StatusDocument {
  fleet: string;
  /** Base URL of the address that answers. */
  gateway: string;
  servers: ServerStatus[];
  evaluator: MemberStatus;
  /** The gateway itself and the exporters. */
  others: MemberStatus[];
  supervisor: { pid: number | null; state: "running" | "silent" | "dead" | "stopped" };
  /** Everything is there and ready. */
  whole: boolean;
  /** Absolute path of the state folder. */
  state: string;
  /** Path of the fleet.yaml in force; null for the fleet that promfleet brings along. */
  source: string | null;
}

export interface MemberStatus {
  name: string;
  /** Base URL; null where it is not known. */
  url: string | null;
  pid: number | null;
  state: MemberState;
  /** ISO 8601: when it came into its state, as far as it is known. */
  since: string | null;
  /** Since the supervisor runs; null where nobody counts. */
  restarts: number | null;
  /** Stays until there is another; null where there was none, or nobody keeps it. */
  lastError: { text: string; at: string } | null;
}

/** "dead" is one that nobody starts again: there is no supervisor. */
export type MemberState = KeptState | "dead";

export interface ServerStatus extends MemberStatus {
  shard: string;
  replica: string;
  /** How many it scrapes; null when it does not answer. */
  targets: { up: number; down: number; unknown: number } | null;
  /** In its head block. */
  series: number | null;
  /** How it is given what it missed; null where its supervisor has not done so, or does not tell. */
  healing: HealingStatus | null;
}

/** What a server is given of what it missed while it was away. Times in ISO 8601. */
export interface HealingStatus {
  /** Under way. */
  now: { partner: string; since: string; holes: number; done: number; samples: number } | null;
  /** The last time that it lacked anything. */
  last: {
    at: string;
    partners: readonly string[];
    holes: number;
    series: number;
    samples: number;
    seconds: number;
  } | null;
}
