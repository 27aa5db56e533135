import { type Sampler, samplerOf } from "./sampler.ts";

/** Where spans are sent, and which. */
export interface TracingSettings {
  /** Of the receiver of traces, OTLP over HTTP. */
  url: string;
  headers: Readonly<Record<string, string>>;
  /** ms for one batch. */
  timeoutMs: number;
  sampler: Sampler;
  /** Attributes of whoever sends, service.name among them. */
  resource: Readonly<Record<string, string>>;
  queue: { spans: number; batch: number; delayMs: number };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What the topology says of it; the environment goes before. */
export interface GivenTracing {
  /** Base URL, as OTEL_EXPORTER_OTLP_ENDPOINT. */
  endpoint: string;
  /** From 0 to 1, of traces that no client has begun. */
  sampleRatio: number;
}

/**
 * The settings as the specification of OpenTelemetry names them in the environment.
 * @param version of promfleet
 * @param complain told of what is not understood, and ignored as the specification wants it
 * @returns undefined where no receiver is configured
 */
export function tracingSettings(
  env: Environment,
  given: GivenTracing | undefined,
  version: string,
  complain: (sentence: string) => void,
): TracingSettings | undefined {
  // an empty one is one that is not set
  const read = (name: string) => (env[name] === "" ? undefined : env[name]);
  const ofTraces = (name: string) =>
    read(`OTEL_EXPORTER_OTLP_TRACES_${name}`) ?? read(`OTEL_EXPORTER_OTLP_${name}`);
  if (read("OTEL_SDK_DISABLED")?.toLowerCase() === "true" || read("OTEL_TRACES_EXPORTER") === "none")
    return undefined;
  const base = read("OTEL_EXPORTER_OTLP_ENDPOINT") ?? given?.endpoint;
  const asked =
    read("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") ?? (base && `${base.replace(/\/$/, "")}/v1/traces`);
  if (asked === undefined) return undefined;
  const url = URL.canParse(asked) ? new URL(asked) : undefined;
  if (!url || !["http:", "https:"].includes(url.protocol)) {
    complain(`no traces are sent: ${asked} is no URL of a receiver`);
    return undefined;
  }
  const protocol = ofTraces("PROTOCOL");
  if (protocol !== undefined && !protocol.startsWith("http/"))
    complain(`OTEL_EXPORTER_OTLP_PROTOCOL is ${protocol}, and traces are sent as http/json`);
  const whole = (name: string, otherwise: number) => {
    const text = read(name);
    if (text === undefined) return otherwise;
    if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
    complain(`${name} is ${text}, which is no number above 0: ${otherwise} is taken`);
    return otherwise;
  };
  const timeout = "OTEL_EXPORTER_OTLP_TIMEOUT";
  const spans = whole("OTEL_BSP_MAX_QUEUE_SIZE", 2048);
  return {
    url: url.href,
    headers: pairsOf(ofTraces("HEADERS"), (pair) =>
      complain(`OTEL_EXPORTER_OTLP_HEADERS: ${JSON.stringify(pair.split("=")[0])} is no name and value`),
    ),
    timeoutMs: whole("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", whole(timeout, 10_000)),
    sampler: chosenSampler(read, given, complain),
    resource: {
      "service.name": "promfleet-gateway",
      "service.version": version,
      ...pairsOf(read("OTEL_RESOURCE_ATTRIBUTES"), (pair) =>
        complain(`OTEL_RESOURCE_ATTRIBUTES: ${JSON.stringify(pair)} is no name and value`),
      ),
      ...named(read("OTEL_SERVICE_NAME")),
    },
    queue: {
      spans,
      batch: Math.min(spans, whole("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512)),
      delayMs: whole("OTEL_BSP_SCHEDULE_DELAY", 5000),
    },
  };
}

const named = (name: string | undefined) => (name === undefined ? {} : { "service.name": name });

const byRatio = (ratio: number): Sampler => samplerOf("parentbased_traceidratio", ratio) ?? (() => true);

function chosenSampler(
  read: (name: string) => string | undefined,
  given: GivenTracing | undefined,
  complain: (sentence: string) => void,
): Sampler {
  const name = read("OTEL_TRACES_SAMPLER");
  if (name === undefined) return byRatio(given?.sampleRatio ?? 1);
  const text = read("OTEL_TRACES_SAMPLER_ARG") ?? "1";
  const ratio = Number(text);
  const isRatio = ratio >= 0 && ratio <= 1;
  if (!isRatio) complain(`OTEL_TRACES_SAMPLER_ARG is ${text}, which is not from 0 to 1: 1 is taken`);
  const sampler = samplerOf(name, isRatio ? ratio : 1);
  if (!sampler)
    complain(`OTEL_TRACES_SAMPLER is ${name}, which is not known: parentbased_always_on is taken`);
  return sampler ?? byRatio(1);
}

/** "a=b,c=d", with escapes as in URLs. */
function pairsOf(text: string | undefined, wrong: (pair: string) => void): Record<string, string> {
  const found: [string, string][] = [];
  for (const pair of (text ?? "").split(",")) {
    if (pair.trim() === "") continue;
    const [, name, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    try {
      if (name === undefined || value === undefined) throw new Error("no pair");
      found.push([decodeURIComponent(name), decodeURIComponent(value)]);
    } catch {
      wrong(pair);
    }
  }
  return Object.fromEntries(found);
}
