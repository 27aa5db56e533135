import { ask } from "./http.ts";

/** What a gateway tells of itself, in the text format. */
export async function metricsPage(gateway: string): Promise<string> {
  return (await ask(`${gateway}/metrics`)).body.toString();
}

/** Whether a gateway sends requests to all of its servers. */
export async function serversAreWell(gateway: string): Promise<boolean> {
  return !/^promfleet_gateway_replica_up\{.*\} 0$/m.test(await metricsPage(gateway));
}

/** How many queries a gateway has answered in each way. */
export async function waysTaken(gateway: string): Promise<Record<string, number>> {
  const page = await metricsPage(gateway);
  const found = page.matchAll(/^promfleet_gateway_queries_total\{way="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...found].map(([, way = "", count]) => [way, Number(count)]));
}
