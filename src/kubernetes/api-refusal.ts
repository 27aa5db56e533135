import { PromfleetError } from "../errors/promfleet-error.ts";
import { isMap, listAt, numberAt, textAt } from "./api-object.ts";

/** What the API server said instead of doing what it was asked. */
export class ApiRefusal extends PromfleetError {
  /** HTTP status: 404, 409, 410, 422, … */
  readonly status: number;
  /** As Kubernetes calls it: "NotFound", "Conflict", "Expired", "Invalid", … */
  readonly reason: string;
  /** The sentence of the API server. */
  readonly said: string;
  /** The fields that it refuses. */
  readonly fields: readonly string[];
  /** s after which it may be asked again. */
  readonly retryAfter: number | undefined;

  constructor(what: string, status: number, body: unknown, retryAfter: number | undefined) {
    const said = textAt(body, "message") ?? `it answers ${status}`;
    super({ code: "CLUSTER_REFUSED", message: `the API server refuses to ${what}: ${said}` });
    this.status = status;
    this.said = said;
    this.reason = textAt(body, "reason") ?? "";
    this.fields = listAt(body, "details", "causes").flatMap((cause) => textAt(cause, "field") ?? []);
    this.retryAfter =
      (isMap(body) ? numberAt(body, "details", "retryAfterSeconds") : undefined) ?? retryAfter;
  }
}

/** Whether something was refused with that HTTP status. */
export function isRefusal(error: unknown, ...statuses: readonly number[]): error is ApiRefusal {
  return error instanceof ApiRefusal && statuses.includes(error.status);
}

/** The API server did not answer at all. */
export class ApiUnreachable extends PromfleetError {
  constructor(server: string, what: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      { code: "CLUSTER_UNREACHABLE", message: `cannot ${what}: ${server} does not answer: ${why}` },
      { cause },
    );
  }
}
