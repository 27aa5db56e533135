import { exit } from "../../src/errors/exit-codes.ts";
import { type CliCase, small, spec } from "./cli-case.ts";
import { declarations, takingOver } from "./declaration-cases.ts";
import { topologies } from "./topology-cases.ts";

const up = ["up", "-f", "fleet.yaml", "--state", "state", "--detach"] as const;

const commandLines: readonly CliCase[] = [
  {
    name: "an unknown verb",
    args: ["upp"],
    code: exit.usage,
    says: [/^promfleet: .*upp.*\bup\b.*\[USAGE\]\n {2}/],
  },
  {
    name: "an unknown flag",
    args: ["validate", "--fil", "x"],
    code: exit.usage,
    says: [/^promfleet: .*--fil\b.*\[USAGE\]\n {2}/],
  },
  {
    name: "an output form that does not exist",
    args: ["status", "-o", "xml"],
    code: exit.usage,
    says: [/xml/, /json/],
  },
  {
    name: "status of no fleet",
    args: ["status", "--state", "state"],
    code: exit.absent,
    says: [/state/],
  },
  {
    name: "a state folder from a variable that is not set",
    args: ["down", "--purge", "--state", ""],
    code: exit.usage,
    says: [/--state/, /path/],
  },
  {
    name: "an output folder from a variable that is not set",
    files: spec(small),
    args: ["render", "-o", ""],
    code: exit.usage,
    says: [/--output/, /path/],
  },
  {
    name: "shards for a fleet that is not taken over",
    args: ["init", "--shards", "3"],
    code: exit.usage,
    says: [/--shards.*--from/],
  },
  {
    name: "a server of no fleet",
    args: ["server", "kill", "main-0-a", "--state", "state"],
    code: exit.absent,
    says: [/state|main-0-a/],
  },
  {
    name: "logs of no fleet",
    args: ["logs", "main-0-a", "--state", "state"],
    code: exit.absent,
    says: [/state|main-0-a/],
  },
];

const starts: readonly CliCase[] = [
  {
    name: "a program that is not there",
    files: spec(`${small}  prometheus: {binary: /nonexistent/prometheus}\n`),
    args: up,
    code: exit.program,
    says: [/\/nonexistent\/prometheus/],
  },
  {
    name: "a program that is none",
    files: { ...spec(`${small}  prometheus: {binary: ./notes.txt}\n`), "notes.txt": "no program" },
    args: up,
    code: exit.program,
    says: [/notes\.txt/],
  },
  {
    name: "a version that does not exist",
    files: spec(`${small}  prometheus: {version: "1.99"}\n`),
    args: up,
    code: exit.program,
    says: [/1\.99/],
  },
  {
    name: "a flag that promfleet sets itself",
    files: spec(`${small}  prometheus: {extraArgs: ["--storage.tsdb.path=/tmp"]}\n`),
    args: up,
    code: exit.input,
    says: [/fleet\.yaml:8:\d+: .*storage\.tsdb\.path/s],
  },
  {
    name: "a taken port that was asked for",
    files: spec(`${small}  gateway: {port: PORT}\n`),
    args: up,
    code: exit.environment,
    says: [/PORT/],
    obstacle: "taken port",
  },
  {
    name: "a state folder that cannot be written",
    files: spec(small),
    args: ["up", "-f", "fleet.yaml", "--state", "readonly/state", "--detach"],
    code: exit.environment,
    says: [/readonly.*(permission|not writable|cannot)/is],
    obstacle: "read-only folder",
  },
  {
    name: "a state folder that is a file",
    files: { ...spec(small), state: "a file" },
    args: up,
    code: exit.environment,
    says: [/state/],
  },
  {
    name: "a full disk",
    files: spec(small),
    args: ["up", "-f", "fleet.yaml", "--state", "full/state", "--detach"],
    code: exit.environment,
    says: [/full|no space/i],
    obstacle: "full disk",
  },
];

export const cliCases: readonly CliCase[] = [
  ...declarations,
  ...takingOver,
  ...commandLines,
  ...starts,
  ...topologies,
];
