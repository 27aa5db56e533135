import { gunzipSync } from "node:zlib";
import { type Heard, ask } from "../harness/http.ts";
import type { StoredFleet } from "../harness/stored-fleet.ts";
import { type Form, askRead } from "../reads/raw-read.ts";
import type { HostileAnswer } from "./http-answers.ts";

/** A request that shows what a way of the gateway makes of hostile servers. */
export interface Way {
  name: string;
  of: Exclude<HostileAnswer["of"], "any">;
  /** Bytes of the answer go out before all of it is there. */
  isStreamed: boolean;
  ask(): Promise<Heard>;
}

/**
 * @param two gateway of both shards
 * @param one gateway of the hostile one alone
 */
export function waysOf(two: string, one: string, fleet: StoredFleet): Way[] {
  const range = (base: string, query: string, step: number, headers: Record<string, string> = {}) => {
    const search = new URLSearchParams({
      query,
      start: String(fleet.start),
      end: String(fleet.end),
      step: String(step),
    });
    return async () => {
      const heard = await ask(`${base}/api/v1/query_range?${search.toString()}`, { headers, withinMs });
      return heard.headers["content-encoding"] === "gzip"
        ? { ...heard, body: gunzipSync(heard.body) }
        : heard;
    };
  };
  const read = (form: Form) => async () =>
    await askRead(
      two,
      [
        {
          matchers: [{ op: "=", name: "__name__", value: "m" }],
          start: BigInt(fleet.start * 1000),
          end: BigInt(fleet.end * 1000),
          hints: undefined,
        },
      ],
      form,
    );
  const query = (name: string, send: Way["ask"], isStreamed = false): Way => ({
    name,
    of: "json",
    isStreamed,
    ask: send,
  });
  return [
    query("pass", range(one, "m", 15)),
    query("pass, packed", range(one, "m", 15, { "accept-encoding": "gzip" })),
    query("pass of much", range(one, "m", 1), true),
    query("concat", range(two, "m", 15)),
    query("concat of much", range(two, "m", 1), true),
    query("combine", range(two, "sum(m)", 15)),
    query("combine by label", range(two, "max by (host) (m)", 15)),
    { name: "evaluate", of: "frames", isStreamed: false, ask: range(two, "quantile(0.5, m)", 15) },
    query("cut", range(two, "sum(m) / count(m)", 15)),
    query("labels", async () => await ask(`${two}/api/v1/label/host/values`, { withinMs })),
    query(
      "series",
      async () =>
        await ask(`${two}/api/v1/series?match[]=m&start=${fleet.start}&end=${fleet.end}`, { withinMs }),
    ),
    { name: "read of chunks", of: "frames", isStreamed: true, ask: read("chunks") },
    { name: "read of samples", of: "samples", isStreamed: false, ask: read("samples") },
  ];
}

/** ms after which a request hangs. */
export const withinMs = 30_000;
