/** Asks a gateway for its health all the time, in a process of its own: nothing else is to make it late. */
import { once } from "node:events";
import http from "node:http";
import { setPriority } from "node:os";

/** What was heard since the last time that it was asked. */
export interface PulseReport {
  /** ms, ascending. */
  latencies: number[];
  failed: string[];
}

const url = `http://127.0.0.1:${process.argv[2]}/-/healthy`;
/** ms between two questions. */
const every = 20;
try {
  // where it is allowed: how long a client waits for a processor is not what is measured
  setPriority(-10);
} catch {
  // then its own lateness counts too
}
const kept = new http.Agent({ keepAlive: true });
let latencies: number[] = [];
let failed: string[] = [];
let asked = 0;

/** By turns over a connection that stands, and over a new one as the probes of Kubernetes do. */
async function askOnce(): Promise<void> {
  const began = performance.now();
  const request = http.get(url, { agent: asked++ % 2 === 0 ? kept : false });
  try {
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    response.resume();
    await once(response, "end");
    if (response.statusCode !== 200) failed.push(`status ${response.statusCode}`);
  } catch (error) {
    failed.push(String(error));
  }
  latencies.push(performance.now() - began);
}

setInterval(() => void askOnce(), every);
process.on("message", () => {
  process.send?.({ latencies: latencies.toSorted((a, b) => a - b), failed } satisfies PulseReport);
  [latencies, failed] = [[], []];
});
process.on("disconnect", () => process.exit());
