import { freePort } from "../../src/local/free-port.ts";

/** A port of 127.0.0.1 at which nobody listens. */
export async function closedPort(): Promise<number> {
  return await freePort("127.0.0.1");
}
