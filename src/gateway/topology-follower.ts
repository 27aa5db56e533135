import { readFile, stat } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { parseTopology } from "../topology/parse-topology.ts";
import type { Topology } from "../topology/topology.ts";

/** ms between two looks at the file. Looking works on every file system and through every symbolic link; being told does not. */
const lookEvery = 250;

/** @throws PromfleetError FILE_ABSENT, FILE_UNREADABLE, INPUT_SYNTAX, TOPOLOGY_INVALID */
export async function readTopology(file: string): Promise<Topology> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR")
      throw new PromfleetError({
        code: "FILE_ABSENT",
        message: `there is no ${file}`,
        advice:
          'The smallest topology is {"shards": [{"id": "0", "replicas": [{"name": "a", "url": "http://…"}]}]}.',
      });
    throw new PromfleetError({ code: "FILE_UNREADABLE", message: `cannot read ${file}: ${error.code}` });
  });
  return parseTopology(text, file);
}

/** Tells of every change of a topology file, and keeps to the last good one while it is wrong or gone. */
export class TopologyFollower {
  readonly #file: string;
  readonly #changed: (topology: Topology) => void;
  readonly #say: (sentence: string) => void;
  readonly #over = new AbortController();
  #seen = "";
  #current: Topology;
  /** Why the file as it is now is not followed. */
  objection: string | undefined;

  constructor(
    file: string,
    current: Topology,
    changed: (topology: Topology) => void,
    say: (sentence: string) => void,
  ) {
    this.#file = file;
    this.#current = current;
    this.#changed = changed;
    this.#say = say;
    void this.#run();
  }

  stop(): void {
    this.#over.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      await this.#look();
      await pause(lookEvery, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  async #look(): Promise<void> {
    const seen = await stat(this.#file, { bigint: true }).then(
      ({ ino, size, mtimeNs, ctimeNs }) => `${ino} ${size} ${mtimeNs} ${ctimeNs}`,
      (error: NodeJS.ErrnoException) => String(error.code),
    );
    if (seen === this.#seen) return;
    this.#seen = seen;
    try {
      const next = await readTopology(this.#file);
      if (this.objection !== undefined) this.#say(`${this.#file} is right again`);
      this.objection = undefined;
      if (next.version === this.#current.version && sameText(next, this.#current)) return;
      this.#current = next;
      this.#changed(next);
      this.#say(`follows version ${next.version} of the topology`);
    } catch (error) {
      // what could not be read may be readable in a moment, with nothing changed
      if (!(error instanceof PromfleetError) || error.code === "FILE_UNREADABLE") this.#seen = "";
      const why = error instanceof Error ? error.message : String(error);
      if (why === this.objection) return;
      this.objection = why;
      this.#say(`keeps to version ${this.#current.version} of the topology: ${why}`);
    }
  }
}

/** Who sets a version by hand may forget to. */
function sameText(left: Topology, right: Topology): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
