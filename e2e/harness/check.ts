import type { Report } from "./report.ts";

/** What a check is given. */
export interface CheckContext {
  report: Report;
  /** The long form. */
  soak: boolean;
  /** Prefix of the Prometheus version that the fleet runs: "3.16", "2.42". */
  prometheus: string;
}

/** One line of docs/verification.md as a command: prints its figures, and claims what it must show. */
export interface Check {
  /** What it is called on the command line. */
  name: string;
  /** The claim, one sentence. */
  claim: string;
  /** Whether `make test` runs it with Prometheus 2.42 too. */
  bothVersions: boolean;
  /** Too long for `make test`. */
  soakOnly: boolean;
  run(context: CheckContext): Promise<void>;
}
