import { catalogue } from "../../errors/catalogue.ts";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { ShardLost } from "../fetch/shard-fetcher.ts";
import { reasonOf } from "../router/replica-watch.ts";
import type { Answer } from "../planner/query-request.ts";

/** An error as the API of Prometheus words it. */
export interface ApiError {
  status: number;
  /** As web/api/v1 of Prometheus names them. */
  errorType: string;
  error: string;
}

const errorTypes: Readonly<Record<number, string>> = {
  400: "bad_data",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  405: "bad_data",
  413: "bad_data",
  422: "execution",
  429: "too_many_requests",
  500: "internal",
  503: "unavailable",
};

/** What went wrong, for the client. The code of the catalogue stands at the end, except where the words are Prometheus' own. */
export function apiError(error: unknown): ApiError {
  if (error instanceof ShardLost)
    return { status: 503, errorType: "unavailable", error: `${error.message} [SHARD_UNAVAILABLE]` };
  if (!(error instanceof PromfleetError))
    return { status: 500, errorType: "internal", error: `${reasonOf(error)} [INTERNAL]` };
  const [{ code, message }] = error.complaints;
  const entry = catalogue[code];
  const status = "status" in entry ? entry.status : 500;
  return {
    status,
    errorType: code === "QUERY_TIMEOUT" ? "timeout" : (errorTypes[status] ?? "internal"),
    error: code === "BAD_PARAMETER" ? message : `${message} [${code}]`,
  };
}

/** What went wrong, as the catalogue calls it. */
export function codeOf(error: unknown): string {
  if (error instanceof ShardLost) return "SHARD_UNAVAILABLE";
  return error instanceof PromfleetError ? error.complaints[0].code : "INTERNAL";
}

export function errorAnswer({ status, errorType, error }: ApiError): Answer {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (status === 429 || (status === 503 && errorType === "unavailable")) headers["retry-after"] = "1";
  return { status, headers, body: Buffer.from(JSON.stringify({ status: "error", errorType, error })) };
}

/** In plain text, as Prometheus words errors outside of its query API. */
export function plainError(said: ApiError): Answer {
  const { status, headers } = errorAnswer(said);
  const type = { "content-type": "text/plain; charset=utf-8" };
  return { status, headers: { ...headers, ...type }, body: Buffer.from(`${said.error}\n`) };
}
