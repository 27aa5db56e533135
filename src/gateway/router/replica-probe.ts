import type { Dispatcher } from "undici";
import { sendRequest } from "../fetch/http-client.ts";
import { z } from "zod";
import { type PrometheusFeatures, prometheusFeatures } from "../../plan/prometheus-version.ts";
import type { KnownReplica } from "./known-replica.ts";

/** Bytes of a server's configuration that are read. */
const largestConfig = 64 * 1024 ** 2;

const buildAnswer = z.object({ data: z.object({ version: z.string() }) });
const runtimeAnswer = z.object({ data: z.object({ reloadConfigSuccess: z.boolean().default(true) }) });
const flagsAnswer = z.object({ data: z.object({ "enable-feature": z.string().default("") }) });
const configAnswer = z.object({ data: z.object({ yaml: z.string() }) });
const globalSection = z.object({
  global: z.object({ external_labels: z.record(z.string(), z.coerce.string()).nullish() }).nullish(),
});

/** What a probe found out. */
export interface Probed {
  features: PrometheusFeatures;
  labels: Readonly<Record<string, string>>;
  /** Whether it goes by an old configuration, as it could not take the last one. */
  staleConfig: boolean;
}

/**
 * Asks a server whether it is ready and, where that is not known yet, for its version, its external labels, whether it reads from
 * others, and whether it has taken its configuration.
 * @param how afresh: also what is known, after a restart or a reload it may be another; heard is told when it has shown that it is there
 * @throws Error that says why no request may be sent to it
 */
export async function probeReplica(
  dispatcher: Dispatcher,
  replica: KnownReplica,
  { afresh, heard }: { afresh: boolean; heard: () => void },
  signal: AbortSignal,
): Promise<Probed> {
  const get = async (path: string) => {
    const answer = await sendRequest(replica.url + path, { dispatcher, signal });
    const body = await limitedText(answer.body);
    if (answer.statusCode === 200) return body;
    throw new Error(`${path} says ${answer.statusCode}: ${body.trim().slice(0, 200)}`);
  };
  await get("/-/ready");
  heard();
  const features = replica.features && !afresh ? replica.features : await featuresOf(get);
  if (replica.labels && !afresh)
    return { features, labels: replica.labels, staleConfig: replica.staleConfig };
  const { yaml } = configAnswer.parse(JSON.parse(await get("/api/v1/status/config"))).data;
  refuseReader(yaml);
  const runtime = runtimeAnswer.parse(JSON.parse(await get("/api/v1/status/runtimeinfo")));
  const given = replica.labelsGiven ? replica.labels : undefined;
  return {
    features,
    labels: given ?? (await externalLabelsOf(yaml)),
    staleConfig: !runtime.data.reloadConfigSuccess,
  };
}

/** @param get asks a server's API */
async function featuresOf(get: (path: string) => Promise<string>): Promise<PrometheusFeatures> {
  const { version } = buildAnswer.parse(JSON.parse(await get("/api/v1/status/buildinfo"))).data;
  const features = prometheusFeatures(version);
  if (!features.hidesMixedGroups) return features;
  const flags = flagsAnswer.parse(JSON.parse(await get("/api/v1/status/flags"))).data["enable-feature"];
  return { ...features, hidesMixedGroups: flags.split(",").includes("native-histograms") };
}

/** @throws Error where the server reads from other servers: its answers to reads would hold their data too */
function refuseReader(config: string): void {
  if (/^remote_read:/m.test(config))
    throw new Error("it has remote_read itself, so what it answers is not its own data alone");
}

/** The external labels in a server's configuration, as the server prints it: top-level keys stand at the beginning of a line. */
export async function externalLabelsOf(config: string): Promise<Record<string, string>> {
  const [section] = /^global:\n(?:[ \t].*\n|\n)*/m.exec(`${config}\n`) ?? [];
  if (section === undefined) return {};
  // where the topology tells the labels, it is never needed
  const { parse } = await import("yaml");
  return globalSection.parse(parse(section, { schema: "failsafe" })).global?.external_labels ?? {};
}

async function limitedText(body: Dispatcher.ResponseData["body"]): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestConfig) throw new Error("it answers a probe with more than can be read");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size).toString();
}
