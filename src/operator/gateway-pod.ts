import http from "node:http";
import { gatewayPort } from "../render/kubernetes/gateway-objects.ts";

/** ms */
const timeout = 2000;

/** The version of the topology that a gateway goes by; undefined where it does not answer: then it answers nobody. */
export async function followedTopology(address: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const host = address.includes(":") ? `[${address}]` : address;
  const request = http.get(
    `http://${host}:${gatewayPort}/-/ready`,
    { agent: false, signal: AbortSignal.timeout(timeout) },
    (response) => {
      response.resume();
      const version = response.headers["x-promfleet-topology"];
      resolve(typeof version === "string" ? version : undefined);
    },
  );
  request.on("error", () => resolve(undefined));
  return await promise;
}
