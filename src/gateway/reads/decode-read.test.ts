import { Readable } from "node:stream";
import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { type ReadMatcher, encodeReadRequest, responseType } from "../../remote-read/read-request.ts";
import { compressBlock } from "../../remote-read/snappy-block.ts";
import { decodeRead } from "./decode-read.ts";

const query = (...matchers: ReadMatcher[]) => ({ start: 1n, end: 2n, matchers, hints: undefined });

async function read(body: Buffer, limit = 10_000) {
  return await decodeRead(Readable.from([body]) as unknown as IncomingMessage, limit);
}

async function readOf(acceptedResponseTypes: number[], ...matchers: ReadMatcher[]) {
  return await read(
    compressBlock(encodeReadRequest({ queries: [query(...matchers)], acceptedResponseTypes })),
  );
}

test("the first form is taken that the client takes and the gateway knows", async () => {
  const { samples, streamedXorChunks } = responseType;
  expect((await readOf([])).form).toBe("sampled");
  expect((await readOf([streamedXorChunks, samples])).form).toBe("streamed");
  expect((await readOf([samples, streamedXorChunks])).form).toBe("sampled");
  expect((await readOf([7, streamedXorChunks])).form).toBe("streamed");
  await expect(readOf([7, 9])).rejects.toThrow(/response types: \[7 9\]/);
});

test("what is no read, or no client's matter, is refused", async () => {
  const name = { op: "=", name: "__name__", value: "up" } as const;
  expect((await readOf([], name)).queries).toEqual([query(name)]);
  const reserved = { op: "=", name: "__promfleet_x", value: "1" } as const;
  await expect(readOf([], name, reserved)).rejects.toMatchObject({ code: "RESERVED_NAME" });
  await expect(read(Buffer.from("no block"))).rejects.toMatchObject({ code: "BAD_PARAMETER" });
  await expect(read(compressBlock(Buffer.from([0xff, 0xff])))).rejects.toMatchObject({
    code: "BAD_PARAMETER",
  });
  await expect(read(compressBlock(Buffer.alloc(20_000)))).rejects.toMatchObject({
    code: "REQUEST_TOO_LARGE",
  });
  await expect(read(Buffer.alloc(11), 10)).rejects.toMatchObject({ code: "REQUEST_TOO_LARGE" });
});
