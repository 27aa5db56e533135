import { PromfleetError } from "./promfleet-error.ts";

/**
 * Why an address cannot be listened on.
 * @param error of `server.listen`
 * @param advice for a port that is taken
 */
export function listenError(error: unknown, host: string, port: number, advice?: string): PromfleetError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE")
    return new PromfleetError({ code: "PORT_TAKEN", message: `port ${port} on ${host} is taken`, advice });
  const why = error instanceof Error ? error.message : String(error);
  return new PromfleetError({ code: "LISTEN_FAILED", message: `cannot listen on ${host}:${port}: ${why}` });
}
