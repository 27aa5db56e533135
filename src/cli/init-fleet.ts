import { type Complaint, PromfleetError, type Position } from "../errors/promfleet-error.ts";
import { planFleet } from "../plan/plan-fleet.ts";
import { defaultFleetText } from "../spec/default-fleet.ts";
import { declarationText } from "../spec/import/declaration-text.ts";
import type { ImportNote } from "../spec/import/import-note.ts";
import { type ImportedFleet, importPrometheus } from "../spec/import/import-prometheus.ts";
import { namedFiles } from "../spec/import/named-files.ts";
import { readSource } from "../spec/import/source-document.ts";
import { readDocument } from "../spec/document.ts";
import { parseFleet, type ParsedFleet } from "../spec/parse-fleet.ts";
import { matchingFiles } from "./matching-files.ts";
import { usualFile } from "./read-declaration.ts";
import { readText } from "./read-text.ts";
import { refuseExisting, writeNewFile } from "./write-new-file.ts";

export interface InitOptions {
  name: string;
  /** Path of a prometheus.yml. */
  from: string | undefined;
  shards: number;
}

export interface Initialised {
  /** Path of the file that was written. */
  file: string;
  notCarried: readonly ImportNote[];
  changed: readonly ImportNote[];
  /** What `validate` will refuse, and where in the file that was written. */
  refused: readonly ImportNote[];
  /** Keys under which secrets stand in the file, which is for its owner alone then. */
  secrets: readonly string[];
}

/** Writes a fleet.yaml into the current folder. @throws PromfleetError FILE_EXISTS, IMPORT_REFUSED, … */
export async function initFleet(options: InitOptions): Promise<Initialised> {
  await refuseExisting(usualFile);
  const { name, from } = options;
  checkName(name);
  if (from !== undefined) return takeOver(from, options);
  await writeNewFile(usualFile, defaultFleetText(name), 0o644);
  return { file: usualFile, notCarried: [], changed: [], refused: [], secrets: [] };
}

async function takeOver(from: string, fleet: { name: string; shards: number }): Promise<Initialised> {
  const config = readSource({ name: from, text: await readText(from) });
  const named = await Promise.all(
    namedFiles(config).map(async (files) => {
      const names = await matchingFiles(files.pattern);
      const texts = names.map(async (name) => readSource({ name, text: await readText(name) }));
      return { ...files, documents: await Promise.all(texts) };
    }),
  );
  const imported = importPrometheus({ config, named }, fleet);
  const text = declarationText(imported, from);
  const parsed = checked(text, imported);
  const { notCarried, changed, secrets } = imported;
  await writeNewFile(usualFile, text, secrets.length > 0 ? 0o600 : 0o644);
  return { file: usualFile, notCarried, changed, refused: notPlaceable(parsed), secrets };
}

/** Parses what was made; complaints about it are about where its parts come from. */
function checked(text: string, { origins }: ImportedFleet): ParsedFleet {
  try {
    return parseFleet(text, usualFile);
  } catch (error) {
    if (!(error instanceof PromfleetError)) throw error;
    const { positionOf } = readDocument(text, usualFile);
    const places = origins.flatMap(({ path, at }) => {
      const begin = positionOf(["spec", ...path]);
      return begin ? [{ begin, at }] : [];
    });
    const complaints = error.complaints.map(({ message, at }): Complaint => {
      const origin = places.findLast(({ begin }) => at !== undefined && begin.line <= at.line);
      return { code: "IMPORT_REFUSED", message, at: origin && positionFrom(origin.at) };
    });
    const [first, ...more] = complaints;
    if (!first) throw error;
    throw new PromfleetError([first, ...more], { cause: error });
  }
}

function positionFrom(at: string): Position {
  const [file = "", line, column] = /^(.*):(\d+):(\d+)$/s.exec(at)?.slice(1) ?? [];
  return { file, line: Number(line), column: Number(column) };
}

/** Rules that no shard can evaluate alone. */
function notPlaceable({ spec, positionOf }: ParsedFleet): ImportNote[] {
  try {
    planFleet(spec, positionOf);
    return [];
  } catch (error) {
    if (!(error instanceof PromfleetError)) throw error;
    return error.complaints.map(({ code, message, at }) => ({
      what: code,
      at: at ? `${at.file}:${at.line}:${at.column}` : usualFile,
      why: message,
    }));
  }
}

/** The name is all that can be wrong with the text. */
function checkName(name: string): void {
  try {
    parseFleet(defaultFleetText(name), usualFile);
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
