import { Readable } from "node:stream";
import type { Expression } from "../../promql/expression.ts";
import { jsonHeaders, shownAnnotations, unitedAnnotations } from "../combine/success-answer.ts";
import type { Annotations } from "../protocol/annotations.ts";
import { sharedPositions } from "../evaluate/annotation-positions.ts";
import type { ShardFetcher } from "../fetch/shard-fetcher.ts";
import { placeForLarge } from "../limits/large-answers.ts";
import type { Distribution } from "../planner/distribution.ts";
import type { Answer, QueryRequest } from "../planner/query-request.ts";
import type { Replica } from "../router/router.ts";
import { averagesOf } from "./averages.ts";
import { firstOfAll } from "./first-of-all.ts";
import { type ElementSource, type Unite, mergeSorted, mergeUnsorted } from "./merge-results.ts";
import { NotDistributed } from "./not-distributed.ts";
import type { ResultElement, ResultType } from "./result-elements.ts";
import { type SentText, sentText } from "./sent-text.ts";
import { BrokenResult, type WholeShard, askForResults, avoiding } from "./shard-results.ts";
import { uniting } from "./unite-elements.ts";

/** Bytes of an answer that are held: until they are out, another replica or another way can be taken. */
const heldBytes = 512 * 1024;

/** An answer while it is made. */
type Elements = AsyncGenerator<readonly ResultElement[], Annotations[], undefined>;

/**
 * The way of queries whose answer comes from what each shard answers alone.
 * @throws NotDistributed where that turns out not to be so; ShardLost; the signal's reason
 */
export async function distributeQuery(
  fetcher: ShardFetcher,
  shards: readonly WholeShard[],
  request: QueryRequest,
  distribution: Distribution,
  signal: AbortSignal,
): Promise<Answer> {
  const type = typeOf(request);
  const question = new DistributedQuestion(request, distribution, type);
  return await question.ask(
    { fetcher, shards, mayHedge: true },
    signal,
    async ({ elements, leave }, giveUp) =>
      await held(answerText(elements, type, question.position), giveUp, leave),
    (instead) => instead,
  );
}

/** What came of a part of a query. */
export interface DistributedPart {
  elements: ResultElement[];
  /** With positions in the text of the part. */
  annotations: Annotations;
  /** Who has answered, by shard. */
  replicas: ReadonlyMap<string, Replica>;
}

/** Bytes of a part that are held. */
const largestPart = 32 * 1024 ** 2;

/**
 * The same for a part of a query, whole in memory.
 * @param mayHedge whether another replica of a shard may be asked at the same time
 * @throws NotDistributed, also where a shard refuses it or it is too large; ShardLost; the signal's reason
 */
export async function distributePart(
  fetcher: ShardFetcher,
  shards: readonly WholeShard[],
  request: QueryRequest,
  distribution: Distribution,
  mayHedge: boolean,
  signal: AbortSignal,
): Promise<DistributedPart> {
  const question = new DistributedQuestion(request, distribution, typeOf(request));
  return await question.ask(
    { fetcher, shards, mayHedge },
    signal,
    async ({ elements, replicas, leave }) => {
      const all: ResultElement[] = [];
      let bytes = 0;
      for (;;) {
        const next = await elements.next();
        if (next.done) {
          leave();
          return { elements: all, annotations: united(next.value, question.position), replicas };
        }
        for (const element of next.value) {
          bytes += element.text.length;
          all.push(element);
        }
        if (bytes > largestPart) throw new NotDistributed("a part is too large to be held", "too_large");
      }
    },
    () => {
      throw new NotDistributed("a shard has refused a part", "refused");
    },
  );
}

/** Who is asked. */
interface Asking {
  fetcher: ShardFetcher;
  shards: readonly WholeShard[];
  mayHedge: boolean;
}

interface Asked {
  elements: Elements;
  replicas: ReadonlyMap<string, Replica>;
  /** Gives back the place of a large answer; at the latest with giveUp that is done. */
  leave: () => void;
}

/** What Prometheus says of what it leaves out. */
const mixed = /mix of histograms and floats|mixed (?:histograms|floats)/i;

/** What the shards are asked for a query. */
class DistributedQuestion {
  /** Puts an annotation's position in the text of the query. */
  readonly position: (annotation: string) => string;
  readonly #request: QueryRequest;
  readonly #distribution: Distribution;
  readonly #type: ResultType;
  readonly #sent: SentText | undefined;

  constructor(request: QueryRequest, distribution: Distribution, type: ResultType) {
    this.#request = request;
    this.#distribution = distribution;
    this.#type = type;
    const sent = sentText(request.query, distribution);
    this.#sent = sent;
    this.position = sent ? sharedPositions(request.query, sent.text, sent.shared) : (text) => text;
  }

  /**
   * Asks until what comes is whole, as far as it is looked at.
   * @param take makes something of it; what it has not taken may be taken later, until giveUp is aborted
   * @param refused makes something of an answer other than 200 to the user's own text
   */
  async ask<T>(
    { fetcher, shards, mayHedge }: Asking,
    signal: AbortSignal,
    take: (asked: Asked, giveUp: AbortController) => Promise<T>,
    refused: (instead: Answer) => T,
  ): Promise<T> {
    const { kind, params } = this.#request;
    const sent = this.#sent;
    const question = {
      kind,
      type: this.#type,
      params: sent ? withQuery(params, sent.text) : params,
      mayHedge,
    };
    const broken = new Map<Replica, string>();
    for (;;) {
      const giveUp = new AbortController();
      const either = AbortSignal.any([signal, giveUp.signal]);
      try {
        const asked = await askForResults(fetcher, shards, question, new Set(broken.keys()), either);
        if ("instead" in asked) {
          giveUp.abort();
          // what is wrong is to be said of the user's own text
          if (sent) throw new NotDistributed("a shard has refused what stands for it", "refused");
          return refused(asked.instead);
        }
        const { results, replicas, areLarge } = asked;
        const leave = areLarge ? await placeForLarge(either) : () => {};
        giveUp.signal.addEventListener("abort", leave, { once: true });
        return await take({ elements: this.#unmixed(results), replicas, leave }, giveUp);
      } catch (error) {
        giveUp.abort();
        signal.throwIfAborted();
        if (!(error instanceof BrokenResult)) throw error;
        avoiding(broken, error, shards);
      }
    }
  }

  /** @throws NotDistributed where a shard has left a group out that holds floats and native histograms: another may have some of it */
  async *#unmixed(results: readonly ElementSource[]): Elements {
    const told = yield* this.#put(results);
    this.#refuseMixed(told);
    return told;
  }

  /** @throws NotDistributed */
  #refuseMixed(told: readonly Annotations[]): void {
    const isMixed = told.some(({ warnings }) => warnings.some((warning) => mixed.test(warning)));
    if (isMixed && this.#distribution.kind !== "concat")
      throw new NotDistributed("a shard has floats and native histograms in one group", "histograms");
  }

  #put(results: readonly ElementSource[]): Elements {
    const distribution = this.#distribution;
    const type = this.#type;
    // nothing has gone out of what is whole here
    const refuseMixed = (told: readonly Annotations[]) => this.#refuseMixed(told);
    if (distribution.kind === "average")
      return whole(results, refuseMixed, (parts) => averagesOf(parts, type));
    if (distribution.kind === "first") {
      const { k, fromTop, node } = distribution;
      const ranking = { k, fromTop, grouping: node.grouping };
      return whole(results, refuseMixed, (parts) => firstOfAll(parts, ranking, type));
    }
    const unite: Unite = uniting(distribution.kind, type);
    return this.#request.kind === "range" ? mergeSorted(results, unite) : mergeUnsorted(results, unite);
  }
}

/** The parameters with another text. */
export function withQuery(params: QueryRequest["params"], text: string): QueryRequest["params"] {
  return params.map(([name, value]) => [name, name === "query" ? text : value] as const);
}

/** What an instant query gives for a range vector is a matrix, too. */
function typeOf({ kind, expression }: QueryRequest): ResultType {
  let inner: Expression | undefined = expression;
  while (inner?.kind === "parens") inner = inner.expression;
  return kind === "range" || inner?.kind === "matrix" || inner?.kind === "subquery" ? "matrix" : "vector";
}

/** For what needs all of what all shards say. @param check is told what they have said besides, before anything is made of it */
async function* whole(
  results: readonly ElementSource[],
  check: (told: readonly Annotations[]) => void,
  make: (parts: readonly (readonly ResultElement[])[]) => ResultElement[],
): Elements {
  const parts = await Promise.all(
    results.map(async (source) => {
      const elements: ResultElement[] = [];
      for (;;) {
        const next = await source.next();
        if (next.done) return { elements, annotations: next.value };
        elements.push(...next.value);
      }
    }),
  );
  const told = parts.map(({ annotations }) => annotations);
  check(told);
  yield make(parts.map(({ elements }) => elements));
  return told;
}

async function* answerText(
  elements: Elements,
  type: ResultType,
  position: (annotation: string) => string,
): AsyncGenerator<Buffer, void, undefined> {
  let before = Buffer.from(`{"status":"success","data":{"resultType":"${type}","result":[`);
  const separator = Buffer.from(",");
  let isFirst = true;
  for (;;) {
    const next = await elements.next();
    if (next.done) {
      const members = JSON.stringify(shownAnnotations(united(next.value, position))).slice(1);
      yield Buffer.concat([before, Buffer.from(members === "}" ? "]}}" : `]},${members}`)]);
      return;
    }
    const pieces: Buffer[] = [before];
    for (const { text } of next.value) {
      if (!isFirst) pieces.push(separator);
      isFirst = false;
      pieces.push(text);
    }
    before = Buffer.alloc(0);
    yield Buffer.concat(pieces);
  }
}

/** What all shards have said, each once. */
function united(all: readonly Annotations[], position: (annotation: string) => string): Annotations {
  return unitedAnnotations(
    all.map(({ warnings, infos }) => ({
      data: undefined,
      annotations: { warnings: warnings.map(position), infos: infos.map(position) },
    })),
  );
}

/** A short answer whole, a long one as a stream that begins with what was held. */
async function held(
  text: AsyncGenerator<Buffer, void, undefined>,
  giveUp: AbortController,
  leave: () => void,
): Promise<Answer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const next = await text.next();
    if (next.done) {
      leave();
      return { status: 200, headers: jsonHeaders, body: Buffer.concat(chunks, size) };
    }
    chunks.push(next.value);
    size += next.value.length;
    if (size > heldBytes) break;
  }
  const rest = async function* (): AsyncGenerator<Buffer, void, undefined> {
    leave();
    for (const chunk of chunks.splice(0)) yield chunk;
    yield* text;
  };
  const body = Readable.from(rest(), { objectMode: false });
  // also where nobody has begun to read it
  body.once("close", () => giveUp.abort());
  return { status: 200, headers: jsonHeaders, body };
}
