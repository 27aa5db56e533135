import type { Dispatcher } from "undici";
import { type GoodScrapes, goodScrapes } from "../../coverage/up-samples.ts";
import { SeriesDecoder } from "../../remote-read/encoded-series.ts";
import { ExternalLabels } from "../../remote-read/external-labels.ts";
import { TooMuchAtOnce, samplesAnswer, samplesRequest } from "../../remote-read/samples-read.ts";
import { compressBlock, uncompressedBytes } from "../../remote-read/snappy-block.ts";
import { sendRequest } from "../fetch/http-client.ts";
import { spendBuffers } from "../read/spent-buffers.ts";
import type { Replica } from "../router/router.ts";
import type { TimeRange } from "./replica-scrapes.ts";

/** Bytes of one answer, uncompressed. */
const largest = 64 * 1024 ** 2;

/**
 * When a replica has scraped its targets well: its samples of `up`.
 * @throws TooMuchAtOnce; Error where it does not answer as a Prometheus does; the signal's reason
 */
export async function readUp(
  dispatcher: Dispatcher,
  replica: Replica,
  { from, to }: TimeRange,
  signal: AbortSignal,
): Promise<GoodScrapes[]> {
  const request = samplesRequest(from, to, [{ op: "=", name: "__name__", value: "up" }]);
  const answer = await sendRequest(`${replica.url}/api/v1/read`, {
    dispatcher,
    method: "POST",
    headers: {
      "content-type": "application/x-protobuf",
      "content-encoding": "snappy",
      "x-prometheus-remote-read-version": "0.1.0",
    },
    body: compressBlock(request),
    signal,
  });
  const block = await limitedBody(answer.body);
  if (answer.statusCode !== 200)
    throw new Error(
      `a read of up was answered with ${answer.statusCode}: ${block.toString().trim().slice(0, 200)}`,
    );
  spendBuffers(2 * uncompressedBytes(block));
  const decoder = new SeriesDecoder(ExternalLabels.of(replica.externalLabels));
  return samplesAnswer(block, decoder, largest).map(goodScrapes);
}

async function limitedBody(body: Dispatcher.ResponseData["body"]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > largest) throw new TooMuchAtOnce();
  }
  return Buffer.concat(chunks, size);
}
