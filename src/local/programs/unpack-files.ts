import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";

const block = 512;

/**
 * Unpacks the wanted regular files of a gzipped tar archive as `folder/<name>`, executable, and nothing else: an
 * entry counts where it lies directly in the archive's one top folder, so no name of the archive ever becomes a path.
 * Rejects where a wanted file is absent, the archive ends early or unpacks to more than `maxBytes`.
 */
export async function unpackFiles(
  archive: string,
  wanted: readonly string[],
  folder: string,
  maxBytes = 2 ** 30,
): Promise<void> {
  const entries = (source: AsyncIterable<Buffer>) => readEntries(source, wanted, folder, maxBytes);
  await pipeline(createReadStream(archive), createGunzip(), entries);
}

async function readEntries(
  source: AsyncIterable<Buffer>,
  wanted: readonly string[],
  folder: string,
  maxBytes: number,
): Promise<void> {
  const left = new Set(wanted);
  let header = Buffer.alloc(0);
  let body = 0; // bytes of the entry still to come
  let padding = 0;
  let total = 0;
  let ended = false;
  let out: FileHandle | undefined;
  try {
    for await (const chunk of source) {
      total += chunk.length;
      if (total > maxBytes) throw new Error(`the archive unpacks to more than ${maxBytes} bytes`);
      let rest = chunk;
      while (rest.length > 0 && !ended) {
        if (body > 0) {
          const part = rest.subarray(0, body);
          if (out) await out.write(part);
          body -= part.length;
          rest = rest.subarray(part.length);
          if (body === 0 && out) {
            await out.sync();
            await out.close();
            out = undefined;
          }
        } else if (padding > 0) {
          const skipped = Math.min(padding, rest.length);
          padding -= skipped;
          rest = rest.subarray(skipped);
        } else {
          const part = rest.subarray(0, block - header.length);
          header = Buffer.concat([header, part]);
          rest = rest.subarray(part.length);
          if (header.length < block) continue;
          const entry = readHeader(header);
          header = Buffer.alloc(0);
          if (entry === "end") {
            ended = true;
            continue;
          }
          body = entry.size;
          padding = (block - (entry.size % block)) % block;
          const name = entry.regular ? nameInTopFolder(entry.name) : undefined;
          if (name !== undefined && body > 0 && left.delete(name))
            out = await open(path.join(folder, name), "wx", 0o755);
        }
      }
    }
  } finally {
    await out?.close();
  }
  if (body > 0) throw new Error("the archive ends in the middle of a file");
  if (left.size > 0) throw new Error(`the archive holds no ${[...left].join(" and no ")}`);
}

function nameInTopFolder(name: string): string | undefined {
  const parts = name.replace(/^\.\//, "").split("/");
  return parts.length === 2 ? parts[1] : undefined;
}

interface Entry {
  name: string;
  size: number;
  regular: boolean;
}

/** The ustar header, of which a release's archive uses no extension. */
function readHeader(header: Buffer): Entry | "end" {
  if (header.every((byte) => byte === 0)) return "end";
  let sum = 8 * 0x20; // the checksum's own field counts as spaces
  for (const [at, byte] of header.entries()) if (at < 148 || at >= 156) sum += byte;
  if (sum !== octal(header, 148, 8)) throw new Error("the archive is damaged: a header's checksum is wrong");
  const name = text(header, 0, 100);
  const prefix = text(header, 257, 5) === "ustar" ? text(header, 345, 155) : "";
  const type = header[156];
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    size: octal(header, 124, 12),
    regular: type === 0 || type === 0x30,
  };
}

function text(header: Buffer, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end < 0 ? length : end);
}

function octal(header: Buffer, at: number, length: number): number {
  const digits = text(header, at, length).trim();
  if (!/^[0-7]+$/.test(digits)) throw new Error("the archive is damaged: a header holds no octal number");
  return Number.parseInt(digits, 8);
}
