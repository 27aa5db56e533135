import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { unpacked } from "./packed-answer.ts";

const text = Buffer.from(JSON.stringify({ status: "success", data: ["job", "instance"] }));

test("gives what was packed, and what was not packed as it is", () => {
  expect(unpacked(gzipSync(text), "gzip", 1000)).toEqual(text);
  expect(unpacked(text, undefined, 1000)).toEqual(text);
  expect(() => unpacked(text, "br", 1000)).toThrow("it is packed as br");
});

function readOf(bytes: Buffer): string {
  try {
    return unpacked(bytes, "gzip", 1000).toString();
  } catch (error) {
    return error instanceof SyntaxError ? "noticed" : String(error);
  }
}

test("a byte that is another, or lacks, is noticed wherever it is", () => {
  const whole = gzipSync(text, { level: 0 });
  let harmless = 0;
  for (let at = 0; at < whole.length; at++) {
    const broken = Buffer.from(whole);
    broken[at] = (broken[at] ?? 0) ^ 0x20;
    const read = readOf(broken);
    // the header has bytes that mean nothing, such as a time
    if (read !== "noticed") harmless++;
    expect(["noticed", text.toString()]).toContain(read);
    expect(readOf(whole.subarray(0, at))).toBe("noticed");
  }
  expect(harmless).toBeLessThan(10);
});

test("what is larger than it may be is no fault of the server", () => {
  expect(() => unpacked(gzipSync(Buffer.alloc(2000)), "gzip", 1000)).toThrow(
    expect.objectContaining({ code: "ANSWER_TOO_LARGE" }),
  );
});
