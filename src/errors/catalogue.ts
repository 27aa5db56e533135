import { exit } from "./exit-codes.ts";

interface Entry {
  /** What it means, one sentence. */
  meaning: string;
  /** What to do, when the place that raises it knows nothing better. */
  advice: string;
  exit: number;
  /** The HTTP status when the gateway raises it. */
  status?: number;
}

/** Every error there is. docs/errors.md is made from this and checked against it. Keep it sorted by code. */
export const catalogue = {
  INTERNAL: {
    meaning: "promfleet met a condition that it believes impossible.",
    advice: "This is a bug in promfleet: please report it with the command and the log.",
    exit: exit.internal,
    status: 500,
  },
  SPEC_UNKNOWN_KEY: {
    meaning: "A key in fleet.yaml is not one that promfleet knows at this place.",
    advice: "Remove the key or correct its spelling; docs/reference/fleet.md lists every key.",
    exit: exit.input,
  },
  USAGE: {
    meaning: "The command line is wrong.",
    advice: "Run the command with --help for its arguments and examples.",
    exit: exit.usage,
  },
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof catalogue;
