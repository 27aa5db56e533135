import { mkdtempSync, realpathSync } from "node:fs";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { claimFolder, killLeftovers } from "./processes.ts";

/** The folder of the checkout. */
export const checkout = path.resolve(import.meta.dirname, "../..");

/**
 * A temporary folder for a check. When it is disposed of, whatever the check started is ended and the folder removed,
 * unless PROMFLEET_KEEP is set, to look at logs.
 */
export class Workplace implements AsyncDisposable {
  readonly folder: string;

  constructor(name: string) {
    this.folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), `promfleet-${name}-`)));
    claimFolder(this.folder);
  }

  /** A path in the folder. */
  path(...parts: string[]): string {
    return path.join(this.folder, ...parts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    killLeftovers();
    if (process.env["PROMFLEET_KEEP"]) console.log(`       kept: ${this.folder}`);
    else await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
