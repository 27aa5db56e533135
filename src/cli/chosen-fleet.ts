import { acceptFleet, type FleetText } from "../local/accept-fleet.ts";
import { type AcceptedFleet, readAccepted, readOwners } from "../local/accepted-fleet.ts";
import { builtInName } from "../local/fleet-build.ts";
import type { DownloadProgress } from "../local/programs/download.ts";
import { fleetOf, whichState } from "../local/state-folder.ts";
import type { StatePaths } from "../local/state-paths.ts";
import { defaultFleetText } from "../spec/default-fleet.ts";
import { parseFleet } from "../spec/parse-fleet.ts";
import { readDeclaration, usualDeclaration } from "./read-declaration.ts";

export interface FleetOptions {
  /** `-f` */
  file?: string;
  /** `--state` */
  state?: string;
}

/** A declaration that was found and checked, and where its fleet has its state. */
export interface ChosenFleet {
  paths: StatePaths;
  accepted: AcceptedFleet;
}

const defaultName = "main";

/**
 * Finds the declaration that is meant and checks it whole: `-f`, else fleet.yaml of the current folder, else the one that the state
 * was started with, else the one that promfleet brings along.
 * @throws PromfleetError with everything that is wrong
 */
export async function chooseFleet(
  { file, state }: FleetOptions,
  say: (sentence: string) => void,
): Promise<ChosenFleet> {
  const named = file ?? (await usualDeclaration());
  const text = named === undefined ? await textWithoutFile(state) : await readDeclaration(named);
  const { spec } = parseFleet(text.text, text.source ?? builtInName);
  const paths = await whichState(state, spec.name, process.env);
  const owners = (await fleetOf(paths)) === undefined ? undefined : await readOwners(paths);
  const accepted = await acceptFleet(text, owners, process.env, { onProgress: downloadProgress(say) });
  return { paths, accepted };
}

async function textWithoutFile(state: string | undefined): Promise<FleetText> {
  const paths = await whichState(state, defaultName, process.env);
  const fleet = await fleetOf(paths);
  const accepted = fleet === undefined ? undefined : await readAccepted(paths);
  // a fleet that was started from a file stays what it is; the built-in one follows this version of promfleet
  if (accepted?.source !== undefined) return { ...accepted, source: accepted.source };
  return { source: undefined, baseDir: process.cwd(), text: defaultFleetText(fleet ?? defaultName) };
}

/** ms between two words about a download. */
const every = 1000;

function downloadProgress(say: (sentence: string) => void): (progress: DownloadProgress) => void {
  let last = 0;
  return ({ url, bytes, total }) => {
    const now = performance.now();
    if (now - last < every) return;
    last = now;
    const of = total === undefined ? "" : ` of ${megabytes(total)}`;
    say(`fetching ${url}: ${megabytes(bytes)}${of} MB`);
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
