import type { IncomingHttpHeaders } from "node:http";
import type { GivenTracing } from "../../telemetry/tracing/tracing-settings.ts";
import { otlpJson } from "../../telemetry/tracing/otlp-json.ts";
import { Span } from "../../telemetry/tracing/span.ts";
import { SpanExporter } from "../../telemetry/tracing/span-exporter.ts";
import { newSpanId, newTraceId, traceContextOf } from "../../telemetry/tracing/trace-context.ts";
import { type TracingSettings, tracingSettings } from "../../telemetry/tracing/tracing-settings.ts";
import { httpAgent, sendRequest } from "../fetch/http-client.ts";
import { RequestTrace } from "./request-trace.ts";

export interface GatewayTracing {
  /** For /metrics. */
  readonly state: SpanExporter["state"];
  /** @param name of the span of the request as a whole */
  begin(headers: IncomingHttpHeaders, name: string): RequestTrace;
  close(): Promise<void>;
}

/**
 * Traces of requests, for the receiver that the environment or the topology names.
 * @param version of promfleet
 * @returns undefined where none is named: then nothing is done for it
 */
export function gatewayTracing(
  env: Readonly<Record<string, string | undefined>>,
  given: GivenTracing | undefined,
  version: string,
  say: (sentence: string) => void,
): GatewayTracing | undefined {
  const settings = tracingSettings(env, given, version, say);
  return settings && new SendingTracing(settings, version, say);
}

/** Of connections to the receiver. */
const connections = { connections: 1, pipelining: 1, connect: { timeout: 5000 } };

class SendingTracing implements GatewayTracing {
  readonly #settings: TracingSettings;
  readonly #exporter: SpanExporter;
  readonly #dispatcher = httpAgent(connections);

  constructor(settings: TracingSettings, version: string, say: (sentence: string) => void) {
    this.#settings = settings;
    const { url, headers, resource } = settings;
    this.#exporter = new SpanExporter(
      settings,
      async (spans, signal) => {
        const answer = await sendRequest(url, {
          dispatcher: this.#dispatcher,
          method: "POST",
          headers: { ...headers, "content-type": "application/json" },
          body: otlpJson(spans, resource, version),
          signal,
        });
        // what it says is of no use; a body that is not read would keep the connection
        answer.body.on("error", () => {});
        await answer.body.dump({ limit: 65_536 });
        return answer.statusCode;
      },
      say,
    );
  }

  get state(): SpanExporter["state"] {
    return this.#exporter.state;
  }

  begin(headers: IncomingHttpHeaders, name: string): RequestTrace {
    const parent = traceContextOf(headers["traceparent"], headers["tracestate"]);
    const traceId = parent?.traceId ?? newTraceId();
    if (!this.#settings.sampler(traceId, parent))
      return new RequestTrace(undefined, parent && { ...parent, isSampled: false });
    const context = { traceId, spanId: newSpanId(), isSampled: true, state: parent?.state };
    // one clock for all of a trace, and none that jumps
    const since = Date.now() - performance.now();
    const root = new Span(
      context,
      parent?.spanId,
      name,
      "server",
      () => since + performance.now(),
      (span) => this.#exporter.add(span),
    );
    return new RequestTrace(root, undefined);
  }

  async close(): Promise<void> {
    await this.#exporter.close();
    await this.#dispatcher.destroy();
  }
}
