import { PromfleetError } from "../../errors/promfleet-error.ts";
import { parseDuration } from "../../promql/duration.ts";
import { parse } from "../../promql/parse.ts";
import type { EnforcedText } from "../../promql/enforce-matchers.ts";
import type { Matcher } from "../../promql/expression.ts";
import type { GatewayLimits } from "../../spec/fleet-spec.ts";
import type { Tenant } from "../../spec/tenant.ts";
import type { Topology } from "../../topology/topology.ts";
import type { RequestAdmission } from "../limits/request-admission.ts";
import type { Answer } from "../planner/query-request.ts";
import { type Params, firstOf } from "../protocol/form.ts";
import type { DecodedRead } from "../reads/decode-read.ts";
import { boundedAnswer } from "./bounded-answer.ts";
import { inOwnWords } from "./own-words.ts";
import { refuseUnrestrictable, restrictedParams } from "./restricted-params.ts";
import { beyond, refuseBeyond, refuseLonger } from "./tenant-bounds.ts";

/** A request of an API on its way through the gateway: what its sender may see and use of it. */
export interface Visit {
  /** The limits of the request. */
  limits(gateway: GatewayLimits): GatewayLimits;
  /** What of the parameters counts. @throws PromfleetError QUERY_NOT_ENFORCEABLE, TENANT_LIMIT */
  params(params: Params): Params;
  /** What a remote read may read. @throws PromfleetError TENANT_LIMIT */
  read(read: DecodedRead): DecodedRead;
  acceptEncoding(accepted: string): string;
  /** Waits for a place of its sender's. @returns what gives it back @throws PromfleetError TENANT_BUSY; the signal's reason */
  enter(signal: AbortSignal): Promise<() => void>;
  /** What goes out of an answer. @throws PromfleetError TENANT_LIMIT */
  answer(answer: Answer): Promise<Answer>;
}

/** Of somebody who may see and use all that the gateway has. */
export class OpenVisit implements Visit {
  limits = (gateway: GatewayLimits): GatewayLimits => gateway;
  params = (params: Params): Params => params;
  read = (read: DecodedRead): DecodedRead => read;
  acceptEncoding = (accepted: string): string => accepted;
  enter = async (): Promise<() => void> => await Promise.resolve(() => {});
  answer = async (answer: Answer): Promise<Answer> => await Promise.resolve(answer);
}

/** ms; no read is of times beyond it. */
const latest = 2n ** 63n;

export interface TenantRequest {
  tenant: Tenant;
  handler: string;
  /** Undefined: it sees everything. */
  matchers: readonly Matcher[] | undefined;
  admission: RequestAdmission;
  topology: Topology;
}

export class TenantVisit implements Visit {
  readonly #asked: TenantRequest;
  readonly #refused: (limit: string) => void;
  #own: { text: string; enforced: EnforcedText } | undefined;

  /**
   * @param refused told of the limits that refuse something
   * @throws PromfleetError API_FORBIDDEN, TENANT_BUSY
   */
  constructor(asked: TenantRequest, refused: (limit: string) => void) {
    this.#asked = asked;
    this.#refused = refused;
    if (asked.matchers) refuseUnrestrictable(asked.handler, asked.tenant.name);
    this.#counted("concurrency", () => asked.admission.refuseIfFull());
  }

  limits(gateway: GatewayLimits): GatewayLimits {
    const { timeout } = this.#asked.tenant.limits;
    const timeoutMs = Math.min(gateway.timeoutMs, parseDuration(timeout ?? "") ?? gateway.timeoutMs);
    return { ...gateway, timeoutMs };
  }

  params(params: Params): Params {
    const { tenant, handler, matchers, topology } = this.#asked;
    const query = firstOf(params, "query");
    const restricted = matchers && restrictedParams(handler, params, matchers);
    if (restricted?.enforced) this.#own = { text: query, enforced: restricted.enforced };
    const own = restricted?.params ?? params;
    const { maxRange } = tenant.limits;
    const expression =
      restricted?.enforced?.expression ?? (maxRange === undefined ? undefined : parse(query));
    const lookback = parseDuration(topology.evaluator.lookback) ?? 0;
    try {
      refuseBeyond(tenant.limits, tenant.name, {
        handler,
        params: own,
        expression,
        lookback,
        now: Date.now(),
      });
    } catch (error) {
      if (error instanceof PromfleetError) this.#refused(/^limit (\w+)/.exec(error.message)?.[1] ?? "other");
      throw error;
    }
    return own;
  }

  read({ queries, form }: DecodedRead): DecodedRead {
    const { tenant, matchers = [] } = this.#asked;
    const start = queries.reduce((least, query) => (query.start < least ? query.start : least), latest);
    const end = queries.reduce((most, query) => (query.end > most ? query.end : most), -latest);
    this.#counted("maxRange", () => refuseLonger(tenant.limits, tenant.name, Number(end - start)));
    return { form, queries: queries.map((one) => ({ ...one, matchers: [...one.matchers, ...matchers] })) };
  }

  /** What is to be looked at on its way out must not be packed. */
  acceptEncoding(accepted: string): string {
    return this.#asked.matchers ? "" : accepted;
  }

  async enter(signal: AbortSignal): Promise<() => void> {
    const { tenant, admission } = this.#asked;
    const waitMs = parseDuration(tenant.limits.queueTimeout) ?? 0;
    const patience = new AbortController();
    const timer = setTimeout(() => {
      this.#refused("queueTimeout");
      patience.abort(
        new PromfleetError({
          code: "TENANT_BUSY",
          message: `limit queueTimeout of tenant ${tenant.name}: no place within ${waitMs / 1000} s`,
        }),
      );
    }, waitMs);
    try {
      return await admission.enter(AbortSignal.any([signal, patience.signal]));
    } catch (error) {
      if (!patience.signal.aborted && error instanceof PromfleetError && error.code === "TENANT_BUSY")
        this.#refused("concurrency");
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async answer(answer: Answer): Promise<Answer> {
    const { tenant } = this.#asked;
    const own = this.#own;
    const said = own ? await inOwnWords(answer, own.text, own.enforced) : answer;
    const { maxResponseBytes } = tenant.limits;
    if (maxResponseBytes === undefined) return said;
    return await boundedAnswer(said, maxResponseBytes, () => {
      this.#refused("maxResponseBytes");
      return beyond("maxResponseBytes", tenant.name, `the answer has more than ${maxResponseBytes} bytes`);
    });
  }

  #counted(limit: string, check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#refused(limit);
      throw error;
    }
  }
}
