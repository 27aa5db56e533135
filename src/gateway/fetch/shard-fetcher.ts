import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { Replica } from "../router/router.ts";

export interface ShardRequest {
  method: "GET" | "POST";
  /** From "/api/v1/…", query string included. */
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: string | Uint8Array | undefined;
  /**
   * The replicas to ask, in order, out of the router's candidates; without it all of them in the router's order. Keeps the
   * reads of one query on one replica a shard, and a repeated query away from the one that failed it.
   */
  choose?: ((candidates: readonly Replica[]) => readonly Replica[]) | undefined;
  /**
   * Asked when the headers of an answer are late: whether another replica may be asked at the same time, and answer instead. Left
   * out where it always may.
   */
  mayHedge?: (() => boolean) | undefined;
  /** Told of bytes of an answer as they come, still compressed. */
  came?: ((bytes: number) => void) | undefined;
}

/** The kind of a request, of which what is usual is known: the path of its API, whatever label it names. */
export function kindOf({ path }: ShardRequest): string {
  return path.replace(/\?.*$/s, "").replace(/\/label\/[^/]+\//, "/label/*/");
}

export interface ShardResponse {
  replica: Replica;
  /** 2xx or 4xx, or a 503 that is Prometheus' own word on the query (errorType timeout or canceled). */
  status: number;
  headers: IncomingHttpHeaders;
  /**
   * Ends cleanly only if the response was whole; otherwise it errors, and the replica has been put aside. The reader may
   * destroy it: with an error where the content is broken, which puts the replica aside too; without one to give up.
   */
  body: Readable;
}

/** Asks a shard: its replicas in turn, until one answers. */
export interface ShardFetcher {
  /**
   * Resolves once a replica has sent its headers. A connection error, a 5xx or silence moves on to the next replica; one that is
   * late is raced by the next.
   * @throws ShardLost when no replica answered; the signal's reason when it is aborted
   */
  fetch(shard: string, request: ShardRequest, signal: AbortSignal): Promise<ShardResponse>;
}

/** No replica of the shard answered. */
export class ShardLost extends Error {
  override readonly name = "ShardLost";
  readonly shard: string;
  /** One a replica asked: its server name and what happened. */
  readonly attempts: readonly { server: string; reason: string }[];

  constructor(shard: string, attempts: readonly { server: string; reason: string }[]) {
    const said = attempts.map((attempt) => `${attempt.server}: ${attempt.reason}`).join("; ");
    super(`shard ${shard} is unavailable (${said || "it has no replicas"})`);
    this.shard = shard;
    this.attempts = attempts;
  }
}
