import { PromfleetError } from "../errors/promfleet-error.ts";
import { defaultFleetText } from "../spec/default-fleet.ts";
import { parseFleet } from "../spec/parse-fleet.ts";
import { usualFile } from "./read-declaration.ts";
import { refuseExisting, writeNewFile } from "./write-new-file.ts";

export interface InitOptions {
  name: string;
  /** Path of a prometheus.yml. */
  from: string | undefined;
  shards: number;
}

/** Something about what was taken over that its owner has to know. */
export interface ImportNote {
  /** A key or a file. */
  what: string;
  /** `prometheus.yml:7:1` */
  at: string;
  why: string;
}

export interface Initialised {
  /** Path of the file that was written. */
  file: string;
  notCarried: readonly ImportNote[];
  changed: readonly ImportNote[];
}

/** Writes a fleet.yaml into the current folder. @throws PromfleetError FILE_EXISTS, … */
export async function initFleet({ name, from }: InitOptions): Promise<Initialised> {
  await refuseExisting(usualFile);
  if (from !== undefined) throw new Error("not yet");
  const text = defaultFleetText(name);
  checkName(name, text);
  await writeNewFile(usualFile, text, 0o644);
  return { file: usualFile, notCarried: [], changed: [] };
}

/** The name is all that can be wrong with the text. */
function checkName(name: string, text: string): void {
  try {
    parseFleet(text, usualFile);
  } catch (error) {
    if (!(error instanceof PromfleetError)) throw error;
    throw new PromfleetError(
      {
        code: "USAGE",
        message: `--name ${JSON.stringify(name)} is no name for a fleet`,
        advice:
          "Use at most 40 lower-case letters, digits and hyphens, beginning and ending with a letter or digit.",
      },
      { cause: error },
    );
  }
}
