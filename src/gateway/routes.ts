import { PromfleetError } from "../errors/promfleet-error.ts";
import type { GatewayLimits } from "../spec/fleet-spec.ts";
import { combine, isCombined } from "./combine/combined-apis.ts";
import { successAnswer } from "./combine/success-answer.ts";
import { explainQuery } from "./explain/explain-query.ts";
import { coverageAnswer, coverageRange } from "./coverage/coverage-answer.ts";
import type { CoverageIndex } from "./coverage/coverage-index.ts";
import { lostWarnings, warnedAnswer } from "./evaluate/warned-answer.ts";
import type { ShardLost } from "./fetch/shard-fetcher.ts";
import { passToAny } from "./pass/any-shard.ts";
import { type QueryContext, answerQuery } from "./answer-query.ts";
import { type ApiError, plainError } from "./protocol/error-answer.ts";
import { escapingOf, federate } from "./federate/federate.ts";
import { answerRead } from "./reads/answer-read.ts";
import type { DecodedRead } from "./reads/decode-read.ts";
import type { FleetReads } from "./reads/fleet-reads.ts";
import type { Answer, QueryRequest } from "./planner/query-request.ts";
import { decodeQuery, limitParam, refuseReserved } from "./protocol/decode-query.ts";
import { type Params, firstOf } from "./protocol/form.ts";
import { isAnalyzed, partialResponse, withoutOwnParams } from "./protocol/own-params.ts";
import { parseSpan } from "./protocol/prometheus-time.ts";

export interface RouteContext extends QueryContext {
  coverage: Pick<CoverageIndex, "state" | "haveMoved" | "isOnlyOn">;
  reads: FleetReads;
}

/** An API of Prometheus as the gateway answers it. */
export interface Route {
  /** What /metrics calls it. */
  handler: string;
  methods: readonly string[];
  /** How an error is told where that is not in the shape of the query API. */
  tell?: (error: ApiError) => Answer;
  /** What the request asks for. */
  decode(request: ApiParams, limits: GatewayLimits): Asked;
}

/** What of a request counts. */
export interface ApiParams {
  /** Those of a form before those of the URL. */
  params: Params;
  /** "" if none. */
  acceptEncoding: string;
  accept: string;
  /** Of a remote read, which is its body. */
  read: DecodedRead | undefined;
}

export interface Asked {
  /** What it is about, for those who read logs: the text of a query, or selectors. */
  text?: string;
  /** ms that the answer may take. */
  timeoutMs: number;
  answer(context: RouteContext, signal: AbortSignal): Promise<Answer>;
}

const both = ["GET", "POST"];

/** What every server answers alike, from the parameters or from its own build. */
const anyServer: ReadonlyMap<string, readonly string[]> = new Map([
  ["format_query", both],
  ["parse_query", both],
  ["status/buildinfo", ["GET"]],
  ["status/runtimeinfo", ["GET"]],
]);
/** APIs that Prometheus takes a form for. */
const takesForm = new Set(["labels", "series", "query_exemplars"]);
/** APIs whose limit must not be negative. To others, metadata among them, a negative one means none. */
const hasLimit = new Set(["labels", "label_values", "series"]);

/** @param api what comes after "/api/v1/" @returns undefined where there is no such API @throws PromfleetError BAD_PARAMETER */
export function routeOf(api: string): Route | undefined {
  if (api === "query") return queryRoute("instant");
  if (api === "query_range") return queryRoute("range");
  if (api === "coverage") return coverageRoute;
  if (api === "explain") return explainRoute;
  if (api === "read") return readRoute;
  const methods = anyServer.get(api);
  if (methods) return anyServerRoute(api, methods);
  const label = /^label\/([^/]+)\/values$/.exec(api)?.[1];
  if (label !== undefined) checkLabel(label);
  return isCombined(api) ? combinedRoute(api, label === undefined ? api : "label_values") : undefined;
}

function queryRoute(kind: QueryRequest["kind"]): Route {
  return {
    handler: kind === "range" ? "query_range" : "query",
    methods: both,
    decode({ params, acceptEncoding }, limits) {
      const query = decodeQuery(kind, params, limits, acceptEncoding, Date.now());
      return {
        text: query.query,
        timeoutMs: query.timeoutMs,
        answer: async (context, signal) => await answerQuery(context, query, signal),
      };
    },
  };
}

/** promfleet's own: how a query is answered, or would be. */
const explainRoute: Route = {
  handler: "explain",
  methods: both,
  decode({ params }, limits) {
    const kind = firstOf(params, "step") === "" ? "instant" : "range";
    const query = decodeQuery(kind, params, limits, "", Date.now());
    const analyze = isAnalyzed(params);
    return {
      text: query.query,
      timeoutMs: query.timeoutMs,
      answer: async (context, signal) =>
        successAnswer(await explainQuery(context, query, analyze, signal), { warnings: [], infos: [] }),
    };
  },
};

const noRead: DecodedRead = { queries: [], form: "sampled" };

/** The remote read protocol, for whatever else reads the samples of all shards. */
const readRoute: Route = {
  handler: "read",
  methods: ["POST"],
  tell: plainError,
  decode({ params, read = noRead }, limits) {
    const partial = partialResponse(params);
    return {
      timeoutMs: limits.timeoutMs,
      answer: async (context, signal) => await answerRead(context, read, partial, signal),
    };
  },
};

/** Not below /api/v1/: the last samples, for another Prometheus to scrape. */
export const federateRoute: Route = {
  handler: "federate",
  methods: ["GET"],
  tell: plainError,
  decode({ params, accept }, limits) {
    const selectors = params.flatMap(([name, value]) => (name === "match[]" ? [value] : []));
    for (const selector of selectors) refuseReserved("match[]", selector);
    const escaping = escapingOf(accept);
    const asked = { selectors, escaping, partial: partialResponse(params) };
    return {
      timeoutMs: limits.timeoutMs,
      answer: async (context, signal) => await federate(context, asked, Date.now(), signal),
    };
  },
};

/** promfleet's own: which server has scraped what. */
const coverageRoute: Route = {
  handler: "coverage",
  methods: ["GET"],
  decode({ params }, limits) {
    const range = coverageRange(params);
    return {
      timeoutMs: limits.timeoutMs,
      answer: async ({ coverage }) => await Promise.resolve(coverageAnswer(coverage.state(), range)),
    };
  },
};

function anyServerRoute(api: string, methods: readonly string[]): Route {
  return {
    handler: api.replace("/", "_"),
    methods,
    decode({ params }, limits) {
      refuseReserved("query", firstOf(params, "query"));
      const form = new URLSearchParams(
        params.map(([name, value]): [string, string] => [name, value]),
      ).toString();
      const path = `/api/v1/${api}`;
      const sent = methods.includes("POST")
        ? {
            method: "POST" as const,
            path,
            headers: { "content-type": "application/x-www-form-urlencoded" },
            body: form,
          }
        : { method: "GET" as const, path, headers: {} };
      return {
        text: aboutWhat(params),
        timeoutMs: limits.timeoutMs,
        answer: async ({ router, fetcher }, signal) =>
          await passToAny(fetcher, router.shardIds(), sent, signal),
      };
    },
  };
}

function combinedRoute(api: string, handler: string): Route {
  return {
    handler: handler.replace("/", "_"),
    methods: takesForm.has(api) ? both : ["GET"],
    decode({ params }, limits) {
      // the rest is the servers' own to refuse, each API in its own words; a server before 2.54 would pass over a wrong limit
      if (hasLimit.has(handler)) limitParam(params);
      const isPartial = partialResponse(params) === true;
      const own = withoutOwnParams(params);
      for (const [name, value] of params)
        if (name === "match[]" || name === "query") refuseReserved(name, value);
      return {
        text: aboutWhat(params),
        timeoutMs: timeoutOf(params, limits),
        async answer({ router, sources, fetcher }, signal) {
          const lost: ShardLost[] | undefined = isPartial ? [] : undefined;
          const answer = await combine({ router, sources, fetcher }, { api, params: own }, signal, lost);
          return warnedAnswer(answer, lostWarnings(lost ?? []));
        },
      };
    },
  };
}

function aboutWhat(params: Params): string {
  return params
    .flatMap(([name, value]) => (name === "match[]" || name === "query" ? [value] : []))
    .join(", ");
}

function timeoutOf(params: Params, { timeoutMs }: GatewayLimits): number {
  const asked = parseSpan(firstOf(params, "timeout")) ?? 0;
  return asked > 0 ? Math.min(asked, timeoutMs) : timeoutMs;
}

/** A name with a slash would be another path at the server. @throws PromfleetError BAD_PARAMETER */
function checkLabel(label: string): void {
  let name: string | undefined;
  try {
    name = decodeURIComponent(label);
  } catch {
    // refused below
  }
  if (name !== undefined && !/[/\\\p{Cc}]/u.test(name) && name !== "." && name !== "..") {
    refuseReserved("name", name);
    return;
  }
  throw new PromfleetError({
    code: "BAD_PARAMETER",
    message: `invalid label name: ${JSON.stringify(name ?? label)}`,
  });
}
