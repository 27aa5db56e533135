/** Asks a gateway for its health, or for something else, all the time, in a process of its own: nothing else is to make it late. */
import { once } from "node:events";
import http from "node:http";
import { setPriority } from "node:os";

/** What was heard since the last time that it was asked. */
export interface PulseReport {
  /** ms, ascending. */
  latencies: number[];
  failed: string[];
  /** Questions that are not among them: this process itself was held up meanwhile. */
  heldUp: number;
}

const [, , port, path = "/-/healthy", interval = "20"] = process.argv;
const url = `http://127.0.0.1:${port}${path}`;
/** ms between two questions. */
const every = Number(interval);
try {
  // where it is allowed: how long a client waits for a processor is not what is measured
  setPriority(-10);
} catch {
  // then its own lateness counts too
}
const kept = new http.Agent({ keepAlive: true });
let latencies: number[] = [];
let failed: string[] = [];
let heldUp = 0;
let asked = 0;
/** ms that this process may be late itself. */
const ownLateness = 20;
let looked = performance.now();
let lastLate = Number.NEGATIVE_INFINITY;
setInterval(() => {
  const now = performance.now();
  if (now - looked > ownLateness) lastLate = now;
  looked = now;
}, 2);

/** By turns over a connection that stands, and over a new one as the probes of Kubernetes do. */
async function askOnce(): Promise<void> {
  const began = performance.now();
  const request = http.get(url, { agent: asked++ % 2 === 0 ? kept : false });
  try {
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    let said = "";
    response.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await once(response, "end");
    if (response.statusCode !== 200) failed.push(`status ${response.statusCode}: ${said.slice(0, 200)}`);
  } catch (error) {
    failed.push(String(error));
  }
  const now = performance.now();
  // the look that is due comes after the answer
  if (lastLate >= began || now - looked > ownLateness) heldUp++;
  else latencies.push(now - began);
}

setInterval(() => void askOnce(), every);
process.on("message", () => {
  process.send?.({ latencies: latencies.toSorted((a, b) => a - b), failed, heldUp } satisfies PulseReport);
  [latencies, failed, heldUp] = [[], [], 0];
});
process.on("disconnect", () => process.exit());
