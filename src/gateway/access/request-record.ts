import type { QueryContext } from "../answer-query.ts";
import type { ReplanReason } from "../distribute/not-distributed.ts";
import type { PlannedWay } from "../planner/plan-query.ts";
import type { ShardFetcher } from "../fetch/shard-fetcher.ts";

/** How an answer ended: all of it is out; it was cut off, or its client left, after it had begun; the client left before. */
export type Ending = "whole" | "broken" | "gone";

/** What is made of a request for a trace. */
export interface RequestSpans {
  /** What it asks for is known, and its turn has come. */
  begun(isPlanned: boolean): void;
  /** Which way a query takes. @param why it is not the one before */
  took(way: PlannedWay, why: string | undefined): void;
  /** A fetcher whose requests are spans of the way that is taken, and are told of the trace. */
  over(fetcher: ShardFetcher): ShardFetcher;
  /**
   * The same for what the evaluator reads.
   * @param evaluation the id of the trace in which the evaluator was asked
   */
  reading(fetcher: ShardFetcher, evaluation: string): ShardFetcher;
  /** All is out, or given up. */
  end(record: RequestRecord): void;
}

/** What is written down of one request while it is served. */
export class RequestRecord {
  readonly method: string;
  readonly id: string;
  readonly client: string;
  readonly userAgent: string;
  /** ms since 1970. */
  readonly time: number;
  handler = "other";
  /** What it asks for: the text of a query, or selectors. */
  text: string | undefined;
  /** ms of waiting for its turn; undefined where it has never come to that. */
  queuedMs: number | undefined;
  /** The code of what went wrong. */
  error: string | undefined;
  ending: Ending = "whole";
  status = 0;
  /** Of the answer, headers and all. */
  bytes = 0;
  /** From its arrival to the last byte handed to the system. */
  tookMs = 0;
  /** The ways that a query has taken; the last one has answered it. */
  readonly ways: PlannedWay[] = [];
  readonly replanned: { way: PlannedWay; why: ReplanReason }[] = [];
  readonly shards = new Set<string>();
  /** Servers that have answered. */
  readonly replicas = new Set<string>();
  /** Bytes of the answers of servers, as they came, by way; "none" for what is no query. */
  readonly fetched = new Map<PlannedWay | "none", number>();
  /** Its spans; undefined where nobody takes them. */
  trace: RequestSpans | undefined;

  constructor(about: { method: string; id: string; client: string; userAgent: string; time: number }) {
    this.method = about.method;
    this.id = about.id;
    this.client = about.client;
    this.userAgent = about.userAgent;
    this.time = about.time;
  }

  /** The context of the request's answer: all that is done by it is written down. */
  over<C extends QueryContext>(context: C): C {
    return {
      ...context,
      fetcher: this.#recording(this.trace?.over(context.fetcher) ?? context.fetcher),
      evaluate: async (request, signal) => await context.evaluate({ ...request, record: this }, signal),
      took: (way, why) => {
        const before = this.ways.at(-1);
        if (before !== undefined && why) this.replanned.push({ way: before, why });
        this.ways.push(way);
        this.trace?.took(way, why);
        context.took(way, why);
      },
    };
  }

  /** Bytes of a server's answer have come. */
  came(bytes: number): void {
    const way = this.ways.at(-1) ?? "none";
    this.fetched.set(way, (this.fetched.get(way) ?? 0) + bytes);
  }

  /** What the evaluator reads for it goes through this. */
  reading(fetcher: ShardFetcher, evaluation: string): ShardFetcher {
    return this.trace?.reading(fetcher, evaluation) ?? fetcher;
  }

  answeredBy(shard: string, server: string): void {
    this.shards.add(shard);
    this.replicas.add(server);
  }

  #recording(fetcher: ShardFetcher): ShardFetcher {
    return {
      fetch: async (shard, request, signal) => {
        this.shards.add(shard);
        const came = (bytes: number) => this.came(bytes);
        const response = await fetcher.fetch(shard, { ...request, came }, signal);
        this.replicas.add(response.replica.server);
        return response;
      },
    };
  }
}
