import type { DesiredProcess } from "./desired-processes.ts";
import { httpGet } from "../servers/http-get.ts";
import type { Look } from "../servers/prometheus-probe.ts";
import { lookAtPrometheus } from "../servers/prometheus-probe.ts";

/** ms */
const timeout = 2000;

/** How a process of the fleet is. A server must also be the one that has its data in our folder. */
export async function lookAtMember(
  member: DesiredProcess,
  signal: AbortSignal,
  wasReady: boolean,
): Promise<Look> {
  if (member.server)
    return await lookAtPrometheus(member.url, wasReady ? undefined : member.server.dataDir, signal);
  const path = member.kind === "gateway" ? "/-/ready" : "/metrics";
  try {
    const asking = { trust: { anyServer: true } };
    return (await httpGet(`${member.url}${path}`, timeout, signal, asking)).status === 200
      ? "well"
      : "starting";
  } catch (error) {
    return error instanceof Error && error.name === "TimeoutError" ? "silent" : "starting";
  }
}
