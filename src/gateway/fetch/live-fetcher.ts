import { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { reasonOf } from "../router/replica-watch.ts";
import type { Replica, ReplicaPool, ReplicaUse } from "../router/router.ts";
import { type FetchCounts, noCounts } from "./fetch-counts.ts";
import { HedgeBudget } from "./hedge-budget.ts";
import { type Authorization, connectTimeout, httpAgent, sendRequest } from "./http-client.ts";
import { type Lateness, type Outcome, Outrun, ReplicaRace } from "./replica-race.ts";
import { refusalOf } from "./replica-refusal.ts";
import {
  type ShardFetcher,
  ShardLost,
  type ShardRequest,
  type ShardResponse,
  kindOf,
} from "./shard-fetcher.ts";
import { StallWatch } from "./stall-watch.ts";

/** How slow servers are dealt with. */
export interface FetchPatience {
  budget?: HedgeBudget;
  stalls?: StallWatch;
  /** What all requests to servers are authorized by. */
  authorization?: Authorization;
}

/** Whether nothing has come of an answer for a moment, though it was waited for. */
interface Idleness {
  is: boolean;
}

/** Asks the replicas of a shard in turn, over kept connections; one that is late is raced by the next. */
export class LiveFetcher implements ShardFetcher {
  /** For /metrics. */
  readonly counts: FetchCounts = noCounts();
  readonly #pool: ReplicaPool;
  readonly #dispatcher: Dispatcher;
  readonly #budget: HedgeBudget;
  readonly #stalls: StallWatch;
  readonly #authorization: Authorization | undefined;

  constructor(
    pool: ReplicaPool,
    dispatcher: Dispatcher,
    { budget = new HedgeBudget(), stalls = new StallWatch(), authorization }: FetchPatience = {},
  ) {
    this.#pool = pool;
    this.#dispatcher = dispatcher;
    this.#budget = budget;
    this.#stalls = stalls;
    this.#authorization = authorization;
  }

  async fetch(shard: string, request: ShardRequest, signal: AbortSignal): Promise<ShardResponse> {
    this.#budget.earn();
    const candidates = this.#pool.candidates(shard);
    const chosen = request.choose?.(candidates) ?? candidates;
    const strangers = new Set(chosen.filter((replica) => !this.#pool.knows(replica)));
    const race = new ReplicaRace(
      chosen,
      {
        ask: async (replica, late, either) =>
          strangers.has(replica)
            ? await this.#strangerOutcome(replica, either)
            : await this.#try(replica, request, late, either),
        mayJoin: (replica, why) => this.#pool.isWell(replica) && this.#mayJoin(request, why),
        joinedAndWon: () => this.counts.won++,
      },
      signal,
    );
    const response = await race.run();
    if (response) return response;
    // a kept connection may have been closed while nobody looked, which says nothing of the server
    for (const [replica, { brokenConnection }] of race.failed) {
      if (!brokenConnection) continue;
      const fresh = httpAgent({ connect: { timeout: connectTimeout } }, this.#authorization);
      const outcome = await this.#try(replica, request, () => {}, signal, fresh);
      // waits for the answer
      fresh.close(() => {});
      if ("response" in outcome) return outcome.response;
    }
    throw new ShardLost(
      shard,
      [...race.failed].map(([{ server }, { reason }]) => ({ server, reason })),
    );
  }

  #mayJoin({ mayHedge }: ShardRequest, why: Lateness): boolean {
    if (mayHedge?.() === false) return false;
    if (why === "lifeless") {
      // no more load for anybody: the other one does nothing
      this.counts.failovers++;
      return true;
    }
    if (!this.#budget.spend()) {
      this.counts.withheld++;
      return false;
    }
    this.counts.hedges++;
    return true;
  }

  async #strangerOutcome(replica: Replica, signal: AbortSignal): Promise<Outcome> {
    const reason = (await this.#pool.objection(replica)) ?? "its external labels were not known yet";
    signal.throwIfAborted();
    return { reason, brokenConnection: false };
  }

  /** @throws the signal's reason */
  async #try(
    replica: Replica,
    request: ShardRequest,
    late: (why: Lateness) => void,
    signal: AbortSignal,
    dispatcher = this.#dispatcher,
  ): Promise<Outcome> {
    const objection = await this.#pool.objection(replica);
    signal.throwIfAborted();
    if (objection !== undefined) return { reason: objection, brokenConnection: false };
    const kind = kindOf(request);
    const use = this.#pool.use(replica, kind);
    const idle: Idleness = { is: false };
    const slowly = setTimeout(() => late("slow"), this.#pool.lateAfterMs(replica, kind));
    use.doubtful.addEventListener("abort", () => late("lifeless"), { once: true });
    try {
      const answer = await sendRequest(replica.url + request.path, {
        dispatcher: this.#watching(replica, dispatcher, use, idle, request.came),
        method: request.method,
        headers: request.headers,
        body: request.body ?? null,
        signal: AbortSignal.any([signal, use.silent]),
        // how long it may take is the signal's matter
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      clearTimeout(slowly);
      use.answered();
      const refusal = await refusalOf(answer, request);
      if (typeof refusal === "string") {
        use.failed(refusal);
        return { reason: refusal, brokenConnection: false };
      }
      const { statusCode: status, headers } = answer;
      if (refusal) use.succeeded();
      const body = refusal ? Readable.from([refusal]) : watched(answer.body, use, idle, signal);
      return { response: { replica, status, headers, body } };
    } catch (error) {
      if (signal.reason instanceof Outrun) use.outrun();
      else if (signal.aborted) use.abandoned();
      signal.throwIfAborted();
      const reason = reasonOf(error);
      use.failed(reason);
      return { reason, brokenConnection: isBrokenConnection(error) };
    } finally {
      clearTimeout(slowly);
    }
  }

  #watching(
    { server }: Replica,
    dispatcher: Dispatcher,
    use: ReplicaUse,
    idle: Idleness,
    came: ShardRequest["came"],
  ) {
    return this.#stalls.over(dispatcher, {
      came(bytes) {
        use.heard();
        came?.(bytes);
      },
      isBusy: () => use.isBusy(),
      doubt() {
        idle.is = true;
        use.doubt();
      },
      goesOn: () => (idle.is = false),
      stalled: () => this.counts.stalls.set(server, (this.counts.stalls.get(server) ?? 0) + 1),
    });
  }
}

/** Ends the use with what becomes of the body. */
function watched(body: Readable, use: ReplicaUse, idle: Idleness, signal: AbortSignal): Readable {
  const givenUp = () => {
    // who gives it up may have another reason; who asks again must not come here again
    if (idle.is) use.broke("nothing more came of its answer");
    else use.abandoned();
  };
  body.once("end", () => use.succeeded());
  body.on("error", (error) => {
    if (signal.aborted || isGivenUp(error)) givenUp();
    else use.broke(`its answer broke off: ${reasonOf(error)}`);
  });
  body.once("close", givenUp);
  return body;
}

/** What undici makes of a body that is destroyed without an error before its end. */
function isGivenUp(error: Error): boolean {
  return "code" in error && error.code === "UND_ERR_ABORTED";
}

function isBrokenConnection(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "UND_ERR_SOCKET" || code === "ECONNRESET" || code === "EPIPE";
}
