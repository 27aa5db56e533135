import { z } from "zod";
import { catalogue, type ErrorCode } from "../errors/catalogue.ts";
import type { Complaint } from "../errors/promfleet-error.ts";

/**
 * What the supervisor answers over its socket: one JSON document a line. Any number of "say", then "done" or "failed"; an answer
 * without either was cut.
 */
export type ControlLine = { say: string } | { done: unknown } | { failed: readonly Complaint[] };

const complaintSchema: z.ZodType<Complaint> = z.object({
  code: z.custom<ErrorCode>((code) => typeof code === "string" && code in catalogue),
  message: z.string(),
  at: z.object({ file: z.string(), line: z.number(), column: z.number() }).optional(),
  advice: z.string().optional(),
});

export const controlLineSchema: z.ZodType<ControlLine> = z.union([
  z.object({ say: z.string() }),
  z.object({ done: z.unknown() }),
  z.object({ failed: z.array(complaintSchema) }),
]);

/** Bytes of a request's body. */
export const largestRequest = 64 * 1024 ** 2;
