import { mkdtempSync, realpathSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { claimFolder, killLeftovers, removeFolder } from "./processes.ts";

/** The folder of the checkout. */
export const checkout = path.resolve(import.meta.dirname, "../..");

/**
 * A temporary folder for a check. When it is disposed of, whatever the check started is ended and the folder removed.
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

  [Symbol.asyncDispose](): Promise<void> {
    killLeftovers();
    removeFolder(this.folder);
    return Promise.resolve();
  }
}
