import type { DesiredServer } from "./desired-processes.ts";
import { shownConfig } from "../servers/prometheus-probe.ts";

/** ms */
const timeout = 5000;

/** Whether the server itself shows that it runs this configuration. False when it does not answer. */
export async function provesConfig(url: string, server: DesiredServer): Promise<boolean> {
  return await shownConfig(url, timeout).then(
    (config) => config.includes(server.proof),
    () => false,
  );
}
