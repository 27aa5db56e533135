import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { ScrapeRun } from "../../coverage/scrape-run.ts";
import type { Replica } from "../router/router.ts";
import type { ReplicaScrapes, TargetScrapes } from "./replica-scrapes.ts";

const version = 1;
const kept = z.object({
  version: z.literal(version),
  missedScrapes: z.number(),
  replicas: z.array(
    z.object({
      server: z.string(),
      url: z.string(),
      known: z.object({ from: z.number(), to: z.number() }),
      /** Key, job, instance, and of each run its beginning, end and interval. */
      targets: z.array(z.tuple([z.string(), z.string(), z.string(), z.array(z.number())])),
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
    if (text !== undefined) this.#kept = kept.parse(JSON.parse(text));
  }

  /** Gives a replica back what was known of it, where it was seen with the same eyes. */
  restore(replica: Replica, scrapes: ReplicaScrapes, missedScrapes: number): void {
    if (this.#kept?.missedScrapes !== missedScrapes) return;
    const found = this.#kept.replicas.find(
      ({ server, url }) => server === replica.server && url === replica.url,
    );
    if (!found) return;
    scrapes.restore(
      found.known,
      found.targets.map(([key, job, instance, numbers]): readonly [string, TargetScrapes] => [
        key,
        { job, instance, runs: runsFrom(numbers) },
      ]),
    );
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
                targets: [...targets].map(
                  ([key, { job, instance, runs }]) =>
                    [
                      key,
                      job,
                      instance,
                      runs.flatMap(({ from, to, interval }) => [from, to, interval]),
                    ] satisfies [string, string, string, number[]],
                ),
              },
            ]
          : [],
      ),
    };
    await this.#write(this.#file, JSON.stringify(document));
  }
}

function runsFrom(numbers: readonly number[]): ScrapeRun[] {
  const runs: ScrapeRun[] = [];
  for (let at = 0; at + 2 < numbers.length; at += 3)
    runs.push({ from: numbers[at] ?? 0, to: numbers[at + 1] ?? 0, interval: numbers[at + 2] ?? 0 });
  return runs;
}
