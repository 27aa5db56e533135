import { openSync } from "node:fs";
import { copyFile, open, rm, stat, truncate } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

/** Bytes. A log that has grown to this is put aside as `<name>.1`, one generation. */
const largestLog = 16 * 1024 ** 2;

/** Opens a log for a child to append to. @returns a descriptor, for the caller to close once the child has it */
export function openLog(file: string): number {
  return openSync(file, "a", 0o600);
}

/**
 * Keeps a log from growing without end. The writer holds the file open, so it is copied and cut, not renamed; what is written
 * between the two is lost.
 */
export async function rotateLog(file: string, limit: number = largestLog): Promise<void> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size < limit) return;
  await copyFile(file, `${file}.1`)
    // a full disk: the log's past is worth less than room
    .catch(async () => await rm(`${file}.1`, { force: true }));
  await truncate(file, 0);
}

/** The last lines of a log, oldest first; none when there is no such file. */
export async function lastLines(file: string, count: number, bytes = 64 * 1024): Promise<string[]> {
  const size = await logSize(file);
  const from = Math.max(0, size - bytes);
  const text = await readPart(file, from, size - from).catch(() => Buffer.alloc(0));
  const lines = text.toString("utf8").split("\n");
  // the first line may have been cut
  if (from > 0) lines.shift();
  return count === 0 ? [] : lines.filter((line) => line.trim() !== "").slice(-count);
}

/** @returns as much as there is */
async function readPart(file: string, from: number, length: number): Promise<Buffer> {
  const handle = await open(file, "r");
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, from);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Size of a log now, bytes: what is written from here on belongs to what happens from here on. */
export async function logSize(file: string): Promise<number> {
  return await stat(file).then(
    (found) => found.size,
    () => 0,
  );
}

/** What was written since the log had that size; the whole of it if it was cut meanwhile. At most the last 64 KiB. */
export async function linesSince(file: string, size: number): Promise<string[]> {
  const now = await logSize(file);
  const fresh = now >= size ? now - size : now;
  return fresh === 0 ? [] : await lastLines(file, 1000, Math.min(fresh + 1, 64 * 1024));
}

/** ms between two looks at a log that is followed. */
const followEvery = 250;

/** What is written into a log from now on, until the reader has enough. A log that was cut is gone on with from its beginning. */
export async function* followLog(file: string): AsyncGenerator<Buffer> {
  let at = await logSize(file);
  for (;;) {
    const size = await logSize(file);
    if (size < at) at = 0;
    while (size > at) {
      const part = await readPart(file, at, Math.min(size - at, 64 * 1024));
      if (part.length === 0) break;
      at += part.length;
      yield part;
    }
    await pause(followEvery);
  }
}
