import http from "node:http";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { type EncodedSeries, SeriesDecoder } from "../remote-read/encoded-series.ts";
import { ExternalLabels } from "../remote-read/external-labels.ts";
import { quoteRegex } from "../remote-read/quote-regex.ts";
import type { ReadMatcher } from "../remote-read/read-request.ts";
import { TooMuchAtOnce, samplesAnswer, samplesRequest } from "../remote-read/samples-read.ts";
import { compressBlock } from "../remote-read/snappy-block.ts";
import type { HealedServer, TimeRange } from "./healed-server.ts";
import { Pace } from "./pace.ts";

/** Bytes of an answer, compressed or not. */
const largest = 256 * 1024 ** 2;
/** ms of an exchange. */
const timeout = 60_000;

/** Reads samples from servers and writes them, one exchange at a time, never more than a share of the time. */
export class ServerSamples {
  readonly #decoder: SeriesDecoder;
  readonly #withoutStored: readonly ReadMatcher[];
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  readonly #pace: Pace;
  readonly #signal: AbortSignal;

  /**
   * @param externalLabels that the servers add to what they answer
   * @param share of the time that may be spent, above 0, at most 1
   */
  constructor(externalLabels: Readonly<Record<string, string>>, share: number, signal: AbortSignal) {
    this.#decoder = new SeriesDecoder(ExternalLabels.of(externalLabels));
    // a series that was scraped with such a label looks on the wire as if the server had added it, and would become another one
    this.#withoutStored = Object.entries(externalLabels).map(([name, value]) => ({
      op: "!~",
      name,
      value: quoteRegex(value),
    }));
    this.#pace = new Pace(share, signal);
    this.#signal = signal;
  }

  /**
   * The series that match, with their samples; external labels taken off.
   * @throws TooMuchAtOnce; PromfleetError HEAL_FAILED; MalformedData; the signal's reason
   */
  async read(
    server: HealedServer,
    matchers: readonly ReadMatcher[],
    { from, to }: TimeRange,
  ): Promise<EncodedSeries[]> {
    const request = samplesRequest(Math.floor(from), Math.ceil(to), [...matchers, ...this.#withoutStored]);
    const block = await this.#pace.spend(
      async () => await this.#post(server, "/api/v1/read", "X-Prometheus-Remote-Read-Version", request),
    );
    return samplesAnswer(block, this.#decoder, largest);
  }

  /** @param request an encoded WriteRequest @throws PromfleetError HEAL_FAILED; the signal's reason */
  async write(server: HealedServer, request: Buffer): Promise<void> {
    await this.#pace.spend(
      async () => await this.#post(server, "/api/v1/write", "X-Prometheus-Remote-Write-Version", request),
    );
  }

  close(): void {
    this.#agent.destroy();
  }

  async #post(
    { name, url, authorization }: HealedServer,
    path: string,
    versionHeader: string,
    message: Buffer,
  ): Promise<Buffer> {
    this.#signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: Buffer }>();
    const late = AbortSignal.timeout(timeout);
    const request = http.request(`${url}${path}`, {
      method: "POST",
      agent: this.#agent,
      signal: AbortSignal.any([this.#signal, late]),
      headers: {
        "Content-Type": "application/x-protobuf",
        "Content-Encoding": "snappy",
        [versionHeader]: "0.1.0",
        ...(authorization !== undefined && { authorization }),
      },
    });
    request.on("error", reject);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > largest) request.destroy(new TooMuchAtOnce());
        else chunks.push(chunk);
      });
      response.on("error", reject);
      response.on("end", () =>
        response.complete
          ? resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks, size) })
          : reject(new Error("the answer was cut")),
      );
    });
    request.end(compressBlock(message));
    const failed = (why: string, cause?: unknown) =>
      new PromfleetError(
        { code: "HEAL_FAILED", message: `${name} does not take part in healing: ${why}` },
        { cause },
      );
    const { status, body } = await promise.catch((error: unknown) => {
      this.#signal.throwIfAborted();
      if (error instanceof TooMuchAtOnce) throw error;
      const why = late.aborted ? `no answer within ${timeout / 1000} s` : String(error);
      throw failed(`${path}: ${why}`, error);
    });
    if (status < 200 || status > 299)
      throw failed(`${path} answers ${status}: ${body.toString().trim().slice(0, 300)}`);
    return body;
  }
}
