import http from "node:http";
import { createInterface } from "node:readline";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { controlLineSchema } from "./control-protocol.ts";
import type { SupervisorRecord } from "./supervisor-record.ts";

export interface ControlOptions {
  body?: unknown;
  /** Told what happens meanwhile. */
  onSay?: (sentence: string) => void;
  /** ms until it must have begun to answer; the rest may take its time. */
  beginMs?: number;
  signal?: AbortSignal;
}

/** ms */
const patience = 10_000;

/**
 * Asks a supervisor for something.
 * @param asked "GET /status", "POST /apply" …
 * @throws PromfleetError with what the supervisor complains of; SUPERVISOR_SILENT when it says nothing in time, or is gone before it
 * has answered
 */
export async function askSupervisor(
  { identity, socket }: SupervisorRecord,
  asked: string,
  options: ControlOptions = {},
): Promise<unknown> {
  const [method = "", path = ""] = asked.split(" ");
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const request = http.request(
    { socketPath: socket, method, path, agent: false, signal: options.signal },
    resolve,
  );
  request.on("error", reject);
  const begin = setTimeout(() => request.destroy(new Error("it says nothing")), options.beginMs ?? patience);
  request.end(options.body === undefined ? undefined : JSON.stringify(options.body));
  const silent = (why: string) =>
    new PromfleetError({
      code: "SUPERVISOR_SILENT",
      message: `the supervisor (process ${identity.pid}) does not answer: ${why}`,
    });
  try {
    const response = await promise;
    clearTimeout(begin);
    for await (const text of createInterface({ input: response, crlfDelay: Infinity })) {
      const line = controlLineSchema.parse(JSON.parse(text));
      if ("say" in line) options.onSay?.(line.say);
      else if ("failed" in line) {
        const [first, ...more] = line.failed;
        if (first) throw new PromfleetError([first, ...more]);
      } else return line.done;
    }
  } catch (error) {
    if (error instanceof PromfleetError || options.signal?.aborted === true) throw error;
    throw silent(error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(begin);
  }
  throw silent("it has ended in the middle");
}
