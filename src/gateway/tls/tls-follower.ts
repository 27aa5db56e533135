import { stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { type GatewayTls, tlsFileKeys, withTlsFiles } from "../../spec/gateway-tls.ts";
import { readTlsFiles, TlsFileError, type TlsFiles } from "../../tls/tls-files.ts";

/** ms between two looks at the files. */
const lookEvery = 500;

export interface TlsFollowerOptions {
  /** Asked at each look. */
  declared: () => GatewayTls | undefined;
  /** What file names are relative to. */
  folder: string;
  use: (files: TlsFiles | undefined) => void;
  say: (sentence: string) => void;
}

/** Tells of every change of the files of TLS, and keeps to the last good ones while they are wrong or gone. */
export class TlsFollower {
  readonly #options: TlsFollowerOptions;
  readonly #over = new AbortController();
  /** The files as they were when they were read last, and as they were at the last look. */
  #read = "";
  #seen = "";
  #objection: string | undefined;

  private constructor(options: TlsFollowerOptions) {
    this.#options = options;
  }

  /** @throws PromfleetError TLS_UNUSABLE where the files are not good from the beginning */
  static async start(options: TlsFollowerOptions): Promise<TlsFollower> {
    const follower = new TlsFollower(options);
    const tls = follower.#declared();
    follower.#read = follower.#seen = await signature(tls);
    try {
      options.use(tls && (await readTlsFiles(tls)));
    } catch (error) {
      if (!(error instanceof TlsFileError)) throw error;
      throw new PromfleetError({ code: "TLS_UNUSABLE", message: error.message }, { cause: error });
    }
    void follower.#run();
    return follower;
  }

  /** Why the files as they are now are not used. */
  get objection(): string | undefined {
    return this.#objection;
  }

  stop(): void {
    this.#over.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      await pause(lookEvery, undefined, { signal, ref: false }).catch(() => {});
      if (!signal.aborted) await this.#look();
    }
  }

  async #look(): Promise<void> {
    const { use, say } = this.#options;
    const tls = this.#declared();
    const now = await signature(tls);
    // two files are not replaced at once: what is read has been there for a look
    const isSettled = now === this.#seen;
    this.#seen = now;
    if (now === this.#read || !isSettled) return;
    try {
      const files = tls && (await readTlsFiles(tls));
      if ((await signature(tls)) !== now || this.#over.signal.aborted) return;
      this.#read = now;
      this.#objection = undefined;
      use(files);
      say(
        files
          ? `shows the certificate that is good until ${files.certificate.validToDate.toISOString()} from now on`
          : "speaks HTTP without TLS from now on",
      );
    } catch (error) {
      // what could not be read is tried again: it may be readable in a moment with nothing changed
      const why = error instanceof Error ? error.message : String(error);
      if (why === this.#objection) return;
      this.#objection = why;
      say(`keeps to the certificate that it has: ${why}`);
    }
  }

  #declared(): GatewayTls | undefined {
    const { declared, folder } = this.#options;
    const tls = declared();
    return tls && withTlsFiles(tls, (file) => path.resolve(folder, file));
  }
}

/** Changes when the declaration does, or one of the files, through symbolic links too. */
async function signature(tls: GatewayTls | undefined): Promise<string> {
  if (!tls) return "";
  const files = tlsFileKeys.flatMap((key) => tls[key] ?? []);
  const states = await Promise.all(
    files.map(async (file) =>
      stat(file, { bigint: true }).then(
        ({ ino, size, mtimeNs, ctimeNs }) => `${ino} ${size} ${mtimeNs} ${ctimeNs}`,
        (error: NodeJS.ErrnoException) => String(error.code),
      ),
    ),
  );
  return JSON.stringify([tls, states]);
}
