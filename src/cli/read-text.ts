import { open } from "node:fs/promises";
import { PromfleetError } from "../errors/promfleet-error.ts";

/** Bytes; parsers take less. */
const most = 16 * 1024 ** 2;

/**
 * Reads a text that a user has named, be it a file or a pipe.
 * @throws PromfleetError FILE_ABSENT, FILE_UNREADABLE, INPUT_TOO_LARGE, INPUT_SYNTAX where it is not UTF-8
 */
export async function readText(file: string): Promise<string> {
  const bytes = await readBytes(file).catch((error: unknown) => {
    throw inTheUsersTerms(error, file);
  });
  if (bytes === undefined) {
    const message = `${file} has more than ${most} bytes`;
    throw new PromfleetError({ code: "INPUT_TOO_LARGE", message, advice: "Is it the right file?" });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    const before = bytes.toString("utf8").split("\ufffd", 1).join("").split("\n");
    const at = { file, line: before.length, column: (before.at(-1) ?? "").length + 1 };
    throw new PromfleetError(
      { code: "INPUT_SYNTAX", message: "this is no text in UTF-8", at },
      { cause: error },
    );
  }
}

/** undefined where there are too many: a device has no end. */
async function readBytes(file: string): Promise<Buffer | undefined> {
  const handle = await open(file);
  try {
    const chunks: Buffer[] = [];
    let total = 0;
    for (;;) {
      const { bytesRead, buffer } = await handle.read({ buffer: Buffer.alloc(64 * 1024) });
      if (bytesRead === 0) return Buffer.concat(chunks);
      chunks.push(buffer.subarray(0, bytesRead));
      total += bytesRead;
      if (total > most) return undefined;
    }
  } finally {
    await handle.close();
  }
}

function inTheUsersTerms(error: unknown, file: string): PromfleetError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR")
    return new PromfleetError({ code: "FILE_ABSENT", message: `there is no ${file}` }, { cause: error });
  const why =
    code === "EISDIR" ? "it is a folder" : code === "EACCES" ? "permission denied" : String(code ?? error);
  return new PromfleetError(
    { code: "FILE_UNREADABLE", message: `cannot read ${file}: ${why}` },
    { cause: error },
  );
}
