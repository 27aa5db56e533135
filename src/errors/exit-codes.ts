/** Exit codes of the command line, documented in docs/errors.md. */
export const exit = {
  ok: 0,
  /** The answer is "no": `diff` found changes, `status` found a fleet that is not whole. */
  no: 1,
  /** Wrong arguments. */
  usage: 2,
  /** An input file is wrong: fleet.yaml, topology.json, prometheus.yml, rules. */
  input: 3,
  /** A program that is needed cannot be found or run. */
  program: 4,
  /** The machine is in the way: a port taken, a folder not writable, a disk full, another command at work. */
  environment: 5,
  /** There is no such fleet, server or file. */
  absent: 6,
  /** The operation was begun and failed, or did not end in time. */
  failed: 7,
  /** A bug in promfleet. */
  internal: 70,
  /** Node is too old. */
  node: 78,
} as const;
