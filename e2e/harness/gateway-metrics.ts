import { ask } from "./http.ts";

/** What a gateway tells of itself, in the text format. */
export async function metricsPage(gateway: string): Promise<string> {
  return (await ask(`${gateway}/metrics`)).body.toString();
}

/** Whether a gateway sends requests to all of its servers. */
export async function serversAreWell(gateway: string): Promise<boolean> {
  return !/^promfleet_gateway_replica_up\{.*\} 0$/m.test(await metricsPage(gateway));
}
