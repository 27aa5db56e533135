import { type TraceContext, traceHeaders } from "../../telemetry/tracing/trace-context.ts";
import type { Span } from "../../telemetry/tracing/span.ts";
import type { RequestRecord, RequestSpans } from "../access/request-record.ts";
import { kindOf, type ShardFetcher, type ShardRequest, type ShardResponse } from "../fetch/shard-fetcher.ts";
import type { PlannedWay } from "../planner/plan-query.ts";
import { reasonOf } from "../router/replica-watch.ts";
import { evaluationSpanId } from "../evaluate/prepared-query.ts";

/** The spans of one request: of all of it, of its plan, of each way that it takes, and of each request to a shard. */
export class RequestTrace implements RequestSpans {
  readonly #root: Span | undefined;
  readonly #passedOn: TraceContext | undefined;
  #planning: Span | undefined;
  #way: Span | undefined;

  /**
   * @param root of all of it; undefined where the trace is not kept
   * @param passedOn what servers are told where it is not: they are of the client's trace all the same
   */
  constructor(root: Span | undefined, passedOn: TraceContext | undefined) {
    this.#root = root;
    this.#passedOn = passedOn;
  }

  begun(isPlanned: boolean): void {
    if (isPlanned) this.#planning = this.#root?.child("plan", "internal");
  }

  took(way: PlannedWay, why: string | undefined): void {
    this.#planning?.set({ "promfleet.way": way }).end();
    this.#way?.end(why && `given up: ${why}`);
    this.#way = this.#root?.child(way, "internal").set({ "promfleet.replanned": why });
  }

  over(fetcher: ShardFetcher): ShardFetcher {
    if (!this.#root && !this.#passedOn) return fetcher;
    return { fetch: async (...asked) => await this.#fetch(fetcher, "fetch", asked) };
  }

  reading(fetcher: ShardFetcher, evaluation: string): ShardFetcher {
    if (!this.#root && !this.#passedOn) return fetcher;
    return { fetch: async (...asked) => await this.#fetch(fetcher, "read", asked, evaluation) };
  }

  end(record: RequestRecord): void {
    const { status, error, ending, handler, method, id, text, bytes, queuedMs, userAgent } = record;
    const failed = status >= 500 || ending !== "whole";
    this.#planning?.end();
    this.#way?.end(failed ? (error ?? ending) : undefined);
    this.#root
      ?.set({
        "http.request.method": method,
        "http.response.status_code": status,
        "http.response.size": bytes,
        "user_agent.original": userAgent === "" ? undefined : userAgent,
        "db.query.text": text,
        "error.type": error,
        "promfleet.handler": handler,
        "promfleet.request_id": id,
        "promfleet.ending": ending,
        "promfleet.queued_ms": queuedMs,
        "promfleet.way": record.ways.at(-1),
        "promfleet.shards": [...record.shards],
        "promfleet.replicas": [...record.replicas],
      })
      .end(failed ? (error ?? ending) : undefined);
  }

  async #fetch(
    fetcher: ShardFetcher,
    verb: "fetch" | "read",
    [shard, request, signal]: Parameters<ShardFetcher["fetch"]>,
    evaluation?: string,
  ): Promise<ShardResponse> {
    const parent = this.#way ?? this.#root;
    const span = parent?.child(`${verb} shard ${shard}`, "client");
    span?.set({
      "promfleet.shard": shard,
      "http.request.method": request.method,
      "url.path": kindOf(request),
    });
    if (evaluation !== undefined && evaluation !== "")
      span?.link({ traceId: evaluation, spanId: evaluationSpanId });
    const context = span?.context ?? this.#passedOn;
    let bytes = 0;
    const sent: ShardRequest = {
      ...request,
      headers: { ...request.headers, ...(context && traceHeaders(context)) },
      came(some) {
        bytes += some;
        request.came?.(some);
      },
    };
    try {
      const response = await fetcher.fetch(shard, sent, signal);
      if (span) {
        const { replica, status, body } = response;
        span.set({
          "promfleet.replica": replica.server,
          "server.address": replica.url,
          "http.response.status_code": status,
        });
        let failed: string | undefined;
        body.once("error", (error: Error) => (failed = reasonOf(error)));
        body.once("close", () => span.set({ "promfleet.bytes": bytes }).end(failed));
      }
      return response;
    } catch (error) {
      span?.end(reasonOf(error));
      throw error;
    }
  }
}
