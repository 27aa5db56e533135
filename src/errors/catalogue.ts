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
  OUTPUT_NOT_EMPTY: {
    meaning: "The folder to write into holds files that promfleet did not write.",
    advice: "Name an empty or new folder, or pass --force to replace what is there.",
    exit: exit.environment,
  },
  PROGRAM_HASH_MISMATCH: {
    meaning: "What was downloaded is not the program that promfleet knows: its SHA-256 is another.",
    advice:
      "Nothing of it was kept. Check the mirror in PROMFLEET_RELEASES or the proxy in between, or install the program yourself.",
    exit: exit.program,
  },
  PROGRAM_MISSING: {
    meaning: "A program that is needed was found nowhere.",
    advice:
      "Install it, or name its path in the environment; `promfleet programs` shows where promfleet looks.",
    exit: exit.program,
  },
  PROGRAM_NOT_RUNNABLE: {
    meaning: "The path that was named for a program does not lead to one that runs.",
    advice: "Correct the path in fleet.yaml or in the environment, or leave it out to have one found.",
    exit: exit.program,
  },
  PROGRAM_WRONG_VERSION: {
    meaning: "The path that was named for a program leads to another version than the one asked for.",
    advice: "Correct the path or the version, or leave one of the two out.",
    exit: exit.program,
  },
  PROMETHEUS_CONFIG_REFUSED: {
    meaning: "Prometheus itself would refuse the configuration that comes out of fleet.yaml.",
    advice: "Correct the section as Prometheus' own documentation has it for the version in use.",
    exit: exit.input,
  },
  PROMETHEUS_RULES_REFUSED: {
    meaning: "Prometheus itself would refuse a rule of fleet.yaml.",
    advice: "Correct the rule; Prometheus' own words are in the message.",
    exit: exit.input,
  },
  RULE_NEEDS_ALL_SHARDS: {
    meaning: "A rule can not be shown to come out right on each shard alone, and there is more than one.",
    advice:
      'Keep `instance` in every aggregation and matching, read only jobs scraped with onEveryShard (pinned by job="…"), or set shards to 1.',
    exit: exit.input,
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
