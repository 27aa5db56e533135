import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { ScrapeRun } from "../../coverage/scrape-run.ts";
import type { Replica } from "../router/router.ts";
import type { ReplicaScrapes, TargetScrapes } from "./replica-scrapes.ts";

const version = 2;
/** Key, job, instance; of each run its beginning, end and interval: of good scrapes, of any where some have failed; ends, and 1 where a marker follows. */
const keptTarget = z.tuple([
  z.string(),
  z.string(),
  z.string(),
  z.array(z.number()),
  z.array(z.number()).nullable(),
  z.array(z.number()),
]);
const kept = z.object({
  version: z.literal(version),
  missedScrapes: z.number(),
  replicas: z.array(
    z.object({
      server: z.string(),
      url: z.string(),
      known: z.object({ from: z.number(), to: z.number() }),
      targets: z.array(keptTarget),
    }),
  ),
});

/** Keeps what is known of the replicas in a file, for the next start. */
export class CoverageStore {
  readonly #file: string;
  readonly #write: (file: string, content: string) => Promise<void>;
  #kept: z.infer<typeof kept> | undefined;

  /** @param write writes a file so that it is never there in part */
  constructor(file: string, write: (file: string, content: string) => Promise<void>) {
    this.#file = file;
    this.#write = write;
  }

  /** @throws Error where there is a file that can not be read */
  async load(): Promise<void> {
    const text = await readFile(this.#file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (text === undefined) return;
    const document: unknown = JSON.parse(text);
    // another version of promfleet has seen it with other eyes
    if (z.object({ version: z.number() }).parse(document).version === version)
      this.#kept = kept.parse(document);
  }

  /** Gives a replica back what was known of it, where it was seen with the same eyes. */
  restore(replica: Replica, scrapes: ReplicaScrapes, missedScrapes: number): void {
    if (this.#kept?.missedScrapes !== missedScrapes) return;
    const found = this.#kept.replicas.find(
      ({ server, url }) => server === replica.server && url === replica.url,
    );
    if (!found) return;
    scrapes.restore(found.known, found.targets.map(targetFrom));
  }

  async save(
    replicas: readonly { replica: Replica; scrapes: ReplicaScrapes }[],
    missedScrapes: number,
  ): Promise<void> {
    const document: z.infer<typeof kept> = {
      version,
      missedScrapes,
      replicas: replicas.flatMap(({ replica: { server, url }, scrapes: { known, targets } }) =>
        known
          ? [
              {
                server,
                url,
                known,
                targets: [...targets].map(numbersOfTarget),
              },
            ]
          : [],
      ),
    };
    await this.#write(this.#file, JSON.stringify(document));
  }
}

function numbersOfTarget([key, target]: readonly [string, TargetScrapes]): z.infer<typeof keptTarget> {
  const { job, instance, runs, any, marked = [] } = target;
  const marks = [...marked].flatMap(([end, isMarked]) => [end, Number(isMarked)]);
  return [key, job, instance, numbersOf(runs), any ? numbersOf(any) : null, marks];
}

function targetFrom([key, job, instance, runs, any, marks]: z.infer<typeof keptTarget>): [
  string,
  TargetScrapes,
] {
  const target: TargetScrapes = { job, instance, runs: runsFrom(runs) };
  if (any) target.any = runsFrom(any);
  if (marks.length > 0) target.marked = marksFrom(marks);
  return [key, target];
}

function numbersOf(runs: readonly ScrapeRun[]): number[] {
  return runs.flatMap(({ from, to, interval }) => [from, to, interval]);
}

function runsFrom(numbers: readonly number[]): ScrapeRun[] {
  const runs: ScrapeRun[] = [];
  for (let at = 0; at + 2 < numbers.length; at += 3)
    runs.push({ from: numbers[at] ?? 0, to: numbers[at + 1] ?? 0, interval: numbers[at + 2] ?? 0 });
  return runs;
}

function marksFrom(numbers: readonly number[]): Map<number, boolean> {
  const marks = new Map<number, boolean>();
  for (let at = 0; at + 1 < numbers.length; at += 2) marks.set(numbers[at] ?? 0, numbers[at + 1] === 1);
  return marks;
}
