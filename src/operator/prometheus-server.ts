import http from "node:http";
import { shownConfig } from "../servers/prometheus-probe.ts";

/** ms */
const timeout = 3000;
const reloadTimeout = 30_000;

/** The generation that a server shows of its configuration; undefined where it does not answer, or shows none. */
export async function shownGeneration(url: string, authorization: string): Promise<string | undefined> {
  const config = await shownConfig(url, timeout, authorization).catch(() => "");
  return /\bgeneration-([0-9a-f]+)\*/.exec(config)?.[1];
}

/**
 * Has a server read its configuration.
 * @returns why it refuses what it has read; undefined where it does not, which says nothing of what it has read
 * @throws where it does not answer
 */
export async function reload(url: string, authorization: string): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const request = http.request(
    `${url}/-/reload`,
    { method: "POST", agent: false, headers: { authorization }, signal: AbortSignal.timeout(reloadTimeout) },
    (response) => {
      let said = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => (said = (said + text).slice(0, 2000)));
      response.on("end", () => resolve(response.statusCode === 200 ? undefined : said.trim()));
      response.on("error", reject);
    },
  );
  request.on("error", reject);
  request.end();
  return await promise;
}
