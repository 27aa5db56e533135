import { catalogue, type ErrorCode } from "./catalogue.ts";

/** A place in an input file. Lines and columns count from 1. */
export interface Position {
  file: string;
  line: number;
  column: number;
}

/** One thing that is wrong: a code of the catalogue, one sentence, where, and what to do. */
export interface Complaint {
  code: ErrorCode;
  /** One sentence, no full stop needed, never a stack trace. */
  message: string;
  at?: Position | undefined;
  /** What to do; the catalogue's own advice where this is left out. */
  advice?: string | undefined;
}

/** What went wrong, in the user's terms; everything else that is thrown is a bug. Holds one complaint or more. */
export class PromfleetError extends Error {
  override readonly name = "PromfleetError";
  readonly complaints: readonly [Complaint, ...Complaint[]];

  constructor(complaints: Complaint | readonly [Complaint, ...Complaint[]], options?: ErrorOptions) {
    const list: readonly [Complaint, ...Complaint[]] = "code" in complaints ? [complaints] : complaints;
    super(list.map(formatComplaint).join("\n"), options);
    this.complaints = list;
  }

  get code(): ErrorCode {
    return this.complaints[0].code;
  }

  /** The process exit code: that of the first complaint. */
  get exitCode(): number {
    return catalogue[this.code].exit;
  }
}

/** `fleet.yaml:7:5: unknown key "replica" [SPEC_UNKNOWN_KEY]` and, indented on a line of its own, what to do. */
export function formatComplaint(complaint: Complaint): string {
  const where = complaint.at ? `${complaint.at.file}:${complaint.at.line}:${complaint.at.column}: ` : "";
  const advice = complaint.advice ?? catalogue[complaint.code].advice;
  return `${where}${complaint.message} [${complaint.code}]\n  ${advice}`;
}
