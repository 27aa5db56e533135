import { setTimeout as pause } from "node:timers/promises";
import { pipeline } from "node:stream";
import type { Dispatcher } from "undici";
import { z } from "zod";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { NotDistributed } from "../distribute/not-distributed.ts";
import type { Answer, GivenParts, QueryRequest, Way } from "../planner/query-request.ts";
import { ShardLost } from "../fetch/shard-fetcher.ts";
import type { ReadFailure } from "../read/reading-query.ts";
import { showsResetHints } from "../../promql/reset-hints.ts";
import type { Topology } from "../../topology/topology.ts";
import { queryTimes } from "../coverage/query-times.ts";
import { type ShardSources, always } from "../coverage/shard-sources.ts";
import { lackWarnings } from "../coverage/lack-warnings.ts";
import { AnswerTooLong, askEvaluator, shortBody } from "./ask-evaluator.ts";
import type { Evaluator, ReadyEvaluator } from "./evaluator.ts";
import { type Annotations, storageWarning } from "./evaluator-warnings.ts";
import { HeldAnswer, checkedEnding } from "./held-answer.ts";
import { type PreparedQuery, bareQuery, markedQuery, tracedQuery } from "./prepared-query.ts";
import type { QueryInFlight, QueryRegistry, QuerySettings } from "./query-registry.ts";
import type { AdmittedReads, ReadAdmission } from "./read-admission.ts";
import { type Retry, Tries } from "./tries.ts";
import { lostWarnings, warnedAnswer } from "./warned-answer.ts";

export interface EvaluateWayOptions {
  evaluator: Evaluator;
  registry: QueryRegistry;
  admission: ReadAdmission;
  sources: ShardSources;
  topology: () => Pick<Topology, "evaluator">;
  dispatcher: Dispatcher;
}

/** ms by which reads begin earlier that need it: no target that is there is scraped less often. */
const earlier = 5 * 60_000;

/** Bytes of an answer that is held as a whole until it has been judged to its end. */
const heldBytes = 512 * 1024;

/**
 * The way of queries that no shard can answer alone: the evaluator evaluates the user's own text and reads the series through the
 * gateway. What it answers is believed only when every read that the query makes was answered whole: an evaluator takes a
 * read that failed for one without data, and says 200.
 */
export function createEvaluateWay(options: EvaluateWayOptions): Way {
  return async (request, signal) => {
    const lost = new Map<string, ShardLost>();
    for (;;) {
      try {
        const answer = await evaluateWithout(options, request, new Set(lost.keys()), signal);
        return warnedAnswer(answer, lostWarnings([...lost.values()]));
      } catch (error) {
        if (!request.partial || request.given || !(error instanceof ShardLost) || lost.has(error.shard))
          throw error;
        // the query is asked again of the shards that are there
        lost.set(error.shard, error);
      }
    }
  };
}

/** @param without shards that are left out */
async function evaluateWithout(
  options: EvaluateWayOptions,
  request: QueryRequest,
  without: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Answer> {
  const tries = new Tries();
  // what is not understood may add up, too
  let earlierMs = !request.expression || showsResetHints(request.expression) ? 0 : undefined;
  for (;;) {
    const ready = await options.evaluator.ready(signal);
    const outcome = await evaluateOnce(
      options,
      ready,
      request,
      { avoid: tries.avoid, without, earlierMs },
      signal,
    );
    if (!("retry" in outcome)) return outcome;
    signal.throwIfAborted();
    if (outcome.retry === "begin_earlier") {
      earlierMs = earlier;
      continue;
    }
    // the parts are from another replica
    if (request.given && outcome.retry === "replica")
      throw new NotDistributed(outcome.reason, "replica_failed");
    if (outcome.retry === "evaluator") options.evaluator.suspect(outcome.reason);
    const waitMs = tries.next(outcome);
    if (waitMs > 0) await pause(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

async function evaluateOnce(
  { registry, admission, sources, topology, dispatcher }: EvaluateWayOptions,
  ready: ReadyEvaluator,
  request: QueryRequest,
  { avoid, without, earlierMs }: Pick<QuerySettings, "avoid" | "without" | "earlierMs">,
  signal: AbortSignal,
): Promise<Answer | Retry> {
  let admitted: AdmittedReads | undefined;
  let query: QueryInFlight | undefined;
  try {
    const prepared = await prepare(dispatcher, ready, request, signal);
    const times = queryTimes(request, topology());
    admitted = await admission.enter(prepared.reads * sources.readsFor(times ?? always), signal);
    query = registry.begin({
      expectedReads: prepared.reads,
      avoid,
      without,
      earlierMs,
      sources,
      times,
      spool: admitted.spool?.(),
      takesHistograms: ready.features.readsHistograms,
      given: request.given,
      came: (bytes) => request.record?.came(bytes),
      through: (fetcher, id) => request.record?.reading(fetcher, id) ?? fetcher,
      signal,
    });
    return await askAndJudge(dispatcher, ready, request, prepared, query, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (query?.failure) return retryOf(query.failure);
    if (error instanceof PromfleetError || error instanceof NotDistributed) throw error;
    return { retry: "evaluator", reason: reasonOf(error), connected: !isRefused(error) };
  } finally {
    for (const [shard, { server }] of query?.replicas ?? []) request.record?.answeredBy(shard, server);
    query?.end();
    admitted?.release();
  }
}

async function prepare(
  dispatcher: Dispatcher,
  { url, features }: ReadyEvaluator,
  request: QueryRequest,
  signal: AbortSignal,
): Promise<PreparedQuery> {
  const ask = async (path: string) => {
    const answer = await askEvaluator(dispatcher, url + path, [["query", request.query]], {}, signal);
    try {
      return { status: answer.statusCode, body: await shortBody(answer.body) };
    } catch (error) {
      // its tree of a text that it understands is no mistake of the evaluator's
      if (!(error instanceof AnswerTooLong)) throw error;
      const message = "the query has more parts than can be looked at";
      throw new PromfleetError({ code: "QUERY_TOO_COMPLEX", message }, { cause: error });
    }
  };
  if (features.readsCarryTraceId) return await tracedQuery(request, ask);
  return (await markedQuery(request, ask)) ?? bareQuery(request);
}

/** @throws whatever breaks the connection to the evaluator */
async function askAndJudge(
  dispatcher: Dispatcher,
  ready: ReadyEvaluator,
  request: QueryRequest,
  prepared: PreparedQuery,
  query: QueryInFlight,
  signal: AbortSignal,
): Promise<Answer | Retry> {
  const { params, headers, annotation } = prepared.ask(query.id);
  const url = `${ready.url}/api/v1/${request.kind === "range" ? "query_range" : "query"}`;
  const {
    statusCode,
    headers: answered,
    body,
  } = await askEvaluator(dispatcher, url, params, headers, query.failing);
  if (statusCode !== 200) {
    const error = await shortBody(body);
    if (query.failure) return retryOf(query.failure);
    // what is wrong is to be said of the user's own text
    if (request.given) throw new NotDistributed(`the evaluator has answered with ${statusCode}`, "refused");
    return await judgeError(statusCode, error, { dispatcher, ready, request, prepared, signal });
  }
  // its errors belong to whoever reads it; nobody may
  body.on("error", () => {});
  // 200 comes after evaluation: from here on the query makes no more reads
  await query.settled();
  if (query.failure) {
    body.destroy();
    return retryOf(query.failure);
  }
  if (prepared.usesInfo) {
    body.destroy();
    throw infoUnsupported();
  }
  if (query.missingReads > 0) {
    body.destroy();
    const reason = `it made ${query.missingReads} fewer reads than the query has selectors`;
    return { retry: "evaluator", reason, connected: true };
  }
  if (request.partial === false && query.lacking.length > 0) {
    body.destroy();
    throw new PromfleetError({
      code: "SAMPLES_UNAVAILABLE",
      message: lackWarnings(query.lacking).join("; "),
    });
  }
  const check = (annotations: Annotations): Annotations => {
    const warning = storageWarning(annotations);
    if (warning !== undefined) throw new Error(`it could not read: ${warning}`);
    const own = annotation ? mapped(annotations, annotation) : annotations;
    return request.given ? withParts(mapped(own, request.given.annotation), request.given.annotations) : own;
  };
  const answerHeaders = { "content-type": String(answered["content-type"] ?? "application/json") };
  return { status: 200, headers: answerHeaders, body: await held(body, check, lackWarnings(query.lacking)) };
}

/** A short answer whole and checked, a long one as a stream that checks its own end. */
async function held(
  body: Dispatcher.ResponseData["body"],
  check: (annotations: Annotations) => Annotations,
  warnings: readonly string[],
): Promise<Answer["body"]> {
  const chunks: Buffer[] = [];
  let size = 0;
  const source = (body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  for (;;) {
    const next = await source.next();
    if (next.done) return checkedEnding(Buffer.concat(chunks, size), check, warnings);
    chunks.push(next.value);
    size += next.value.length;
    if (size > heldBytes) break;
  }
  const rest = { [Symbol.asyncIterator]: () => source };
  const whole = async function* (): AsyncGenerator<Buffer, void, undefined> {
    yield Buffer.concat(chunks.splice(0), size);
    yield* rest;
  };
  // whoever reads the stream gets its errors
  return pipeline(whole, new HeldAnswer(check, warnings), () => {});
}

/** With what was said of its parts. */
function withParts(own: Annotations, { warnings, infos }: GivenParts["annotations"]): Annotations {
  const all = { warnings: eachOnce(own.warnings, warnings), infos: eachOnce(own.infos, infos) };
  return {
    ...(all.warnings.length > 0 && { warnings: all.warnings }),
    ...(all.infos.length > 0 && { infos: all.infos }),
  };
}

const eachOnce = (left: readonly string[] = [], right: readonly string[]) => [
  ...new Set([...left, ...right]),
];

const errorAnswer = z.object({ errorType: z.string(), error: z.string() });

/** The evaluator's own errors, where all reads were good. */
async function judgeError(
  status: number,
  body: Buffer,
  {
    dispatcher,
    ready,
    request,
    prepared,
    signal,
  }: {
    dispatcher: Dispatcher;
    ready: ReadyEvaluator;
    request: QueryRequest;
    prepared: PreparedQuery;
    signal: AbortSignal;
  },
): Promise<Answer | Retry> {
  if (prepared.usesInfo && status !== 400) throw infoUnsupported();
  const headers = { "content-type": "application/json" };
  const said = errorAnswer.safeParse(parseJson(body));
  const passOn = status < 500 || said.data?.errorType === "timeout";
  if (!said.success || !passOn) {
    return {
      retry: "evaluator",
      reason: `status ${status}: ${said.data?.error ?? body.toString().slice(0, 300)}`,
      connected: true,
    };
  }
  const sent = prepared.ask("").annotation;
  if (status === 400 && sent) {
    // the positions are those of the text that was sent: the user's own text has the same mistake
    const url = `${ready.url}/api/v1/${request.kind === "range" ? "query_range" : "query"}`;
    const own = await askEvaluator(dispatcher, url, request.params, {}, signal);
    const ownBody = await shortBody(own.body);
    if (own.statusCode === 400) return { status, headers, body: ownBody };
  }
  return { status, headers, body };
}

function mapped(annotations: Annotations, map: (text: string) => string): Annotations {
  return {
    ...(annotations.warnings && { warnings: annotations.warnings.map(map) }),
    ...(annotations.infos && { infos: annotations.infos.map(map) }),
  };
}

/** @throws where no other try would do better */
function retryOf(failure: ReadFailure): Retry {
  if (failure.kind === "begins_late") return { retry: "begin_earlier" };
  if (failure.kind !== "replica") throw failure.error;
  return { retry: "replica", replica: failure.replica, reason: failure.reason };
}

function infoUnsupported(): PromfleetError {
  return new PromfleetError({
    code: "QUERY_NEEDS_ONE_SHARD",
    message: "info() needs all of its series in one Prometheus, and this fleet has several shards",
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

/** Nobody listens: the evaluator is just not there, whatever was asked. */
function isRefused(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ECONNREFUSED";
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
