import path from "node:path";
import type { Topology } from "../topology/topology.ts";
import { LocalEvaluator } from "./evaluator.ts";
import { memberNames } from "./member-names.ts";
import { findProgram } from "./programs/find-program.ts";
import type { Environment } from "./programs/program.ts";

export interface EvaluatorStart {
  topology: Pick<Topology, "fleet" | "evaluator" | "limits">;
  /** Absolute path of the gateway's own state folder; the evaluator's is `evaluator` in it. */
  stateDir: string;
  env: Environment;
  /** Told of every start, death and takeover, one sentence. */
  onEvent: (sentence: string) => void;
}

/**
 * How a gateway with this topology starts its evaluator, or takes over the one that a gateway before it left in the folder.
 * @returns what the gateway takes as its EvaluatorStarter; it throws PromfleetError PROGRAM_MISSING …
 */
export function evaluatorStarter(start: EvaluatorStart): (readUrl: string) => Promise<LocalEvaluator> {
  const { topology, stateDir, env, onEvent } = start;
  const { binary, version, ...evaluator } = topology.evaluator;
  return async (readUrl) =>
    await LocalEvaluator.start(
      {
        name: memberNames(topology.fleet).evaluator,
        folder: path.join(stateDir, "evaluator"),
        program: await findProgram("prometheus", { path: binary, version }, env),
        settings: {
          evaluator,
          timeoutMs: topology.limits.timeoutMs,
          concurrency: topology.limits.concurrency,
        },
        onEvent,
      },
      readUrl,
    );
}
