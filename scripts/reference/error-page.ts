import { catalogue } from "../../src/errors/catalogue.ts";
import { exit } from "../../src/errors/exit-codes.ts";
import { table } from "./markdown.ts";

const meanings: Record<keyof typeof exit, string> = {
  ok: "It is done, or the answer is yes.",
  no: "The answer is no: `diff` found changes, `status` found a fleet that is not whole.",
  usage: "The command line is wrong.",
  input: "An input file is wrong: fleet.yaml, topology.json, prometheus.yml, rules.",
  program: "A program that is needed cannot be found or run.",
  environment:
    "The machine is in the way: a port taken, a folder not writable, a disk full, another command at work.",
  absent: "There is no such fleet, server or file.",
  failed: "The operation was begun and failed, or did not end in time.",
  internal: "A bug in promfleet.",
  node: "Node is too old.",
};

/** docs/errors.md: every code there is. */
export function errorPage(): string {
  const codes = Object.entries(exit).map(([name, code]) => [
    String(code),
    meanings[name as keyof typeof exit],
  ]);
  const errors = Object.entries(catalogue).map(([code, entry]) => [
    `\`${code}\``,
    entry.meaning,
    entry.advice,
    String(entry.exit),
    "status" in entry ? String(entry.status) : "",
  ]);
  return `# Errors

What goes wrong is told in one form: where, what, a code in brackets, and on the next line what to do.

\`\`\`text
promfleet: fleet.yaml:6:3: unknown key "replica" in spec; did you mean "replicas"? [SPEC_UNKNOWN_KEY]
  Remove the key or correct its spelling; docs/reference/fleet.md lists every key.
\`\`\`

All that is wrong with a file is told at once, in the order of the file. The exit code is that of the first error. The
gateway answers as Prometheus does, \`{"status": "error", "errorType": …, "error": …}\`, with the code in the text.

## Exit codes

${table(["code", "meaning"], codes)}

## Codes

"Exit" is the exit code of a command that ends with it, "HTTP" the status of the gateway's answer. What is to be done is
often told more exactly where it happens.

${table(["code", "meaning", "what to do", "exit", "HTTP"], errors)}
`;
}
