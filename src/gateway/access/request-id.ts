import { randomUUID } from "node:crypto";

/** What a name may look like that goes into logs and headers as it is. */
const sane = /^[\w.:@/+=-]{1,128}$/;

/** The id of a request: what the client has called it in X-Request-Id, where that is harmless, else a new one. */
export function requestId(given: string | readonly string[] | undefined): string {
  return typeof given === "string" && sane.test(given) ? given : randomUUID();
}
