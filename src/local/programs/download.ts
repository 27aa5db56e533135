import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { EnvHttpProxyAgent, interceptors, request } from "undici";

/** How far a download is. */
export interface DownloadProgress {
  url: string;
  /** Bytes so far. */
  bytes: number;
  /** Bytes in all, where the server says so. */
  total: number | undefined;
}

export interface DownloadOptions {
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

// No release is near this; a server that sends more sends something else.
const maxBytes = 512 * 2 ** 20;

/**
 * Streams a URL into a new file and returns its SHA-256. Follows redirects, takes the usual proxy variables, waits 5 s
 * for a connection and 30 s for the next byte. Rejects with one clause on what went wrong; the file may then be there
 * in part.
 */
export async function download(url: string, file: string, options: DownloadOptions = {}): Promise<string> {
  const agent = new EnvHttpProxyAgent({
    connect: { timeout: 5000 },
    connectTimeout: 5000,
    headersTimeout: 30_000,
    bodyTimeout: 30_000,
  });
  const out = await open(file, "wx", 0o600);
  try {
    const { statusCode, headers, body } = await request(url, {
      dispatcher: agent.compose(interceptors.redirect({ maxRedirections: 5 })),
      ...(options.signal && { signal: options.signal }),
    });
    if (statusCode !== 200) throw new Error(`the server answered ${statusCode}`);
    const length = Number(headers["content-length"]);
    const total = Number.isSafeInteger(length) ? length : undefined;
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new Error(`the server sent more than ${maxBytes} bytes`);
      hash.update(chunk);
      await out.writeFile(chunk);
      options.onProgress?.({ url, bytes, total });
    }
    if (total !== undefined && bytes !== total)
      throw new Error(`it broke off after ${bytes} of ${total} bytes`);
    await out.sync();
    return hash.digest("hex");
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new Error(reason(error), { cause: error });
  } finally {
    await out.close();
    await agent.destroy();
  }
}

/** undici's words, made readable where they are not. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  if (code === "UND_ERR_CONNECT_TIMEOUT") return "no connection within 5 s";
  if (code === "UND_ERR_BODY_TIMEOUT") return "it stalled for 30 s";
  if (code === "UND_ERR_HEADERS_TIMEOUT") return "no answer within 30 s";
  if (code === "UND_ERR_SOCKET" || code === "UND_ERR_ABORTED" || error.message === "terminated")
    return "the connection broke off";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "the host's name cannot be resolved";
  if (code === "ECONNREFUSED") return "the connection was refused";
  if (code === "ENOSPC") return "the disk is full";
  return error.message || (code ?? error.name);
}
