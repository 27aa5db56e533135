import type { WrittenSeries } from "../e2e/harness/remote-write.ts";
import { evenOwners, slotOf } from "../src/plan/slots.ts";

export const metric = "http_requests_total";

/** What is written: 50 minutes, which a head takes in one go. */
export const written = { start: 1_795_420_000, end: 1_795_423_000, every: 15 };

/** Series of one instance: one for every handler and code. */
export const seriesPerInstance = 100;
const codes = ["200", "201", "204", "301", "302", "400", "403", "404", "500", "503"];
const handlers = Array.from({ length: seriesPerInstance / codes.length }, (_, index) => `/api/v1/${index}`);
const jobs = 10;

/** The address of an instance, its number in four digits. */
export const instanceName = (index: number): string => `app-${String(index).padStart(4, "0")}:9100`;

/** Which shard an instance belongs to, as promfleet would place it. */
export function shardOf(instance: number, shards: number): number {
  return Number(evenOwners(shards)[slotOf([instanceName(instance)])] ?? 0);
}

/** All series of an instance: counters that grow by whole numbers, the same in every run. */
export function seriesOfInstance(instance: number): WrittenSeries[] {
  const target = { job: `job-${Math.floor(instance / 7) % jobs}`, instance: instanceName(instance) };
  return handlers.flatMap((handler, at) =>
    codes.map((code, place) => ({
      labels: { __name__: metric, ...target, handler, code },
      samples: counter(instance * seriesPerInstance + at * codes.length + place),
    })),
  );
}

function counter(seed: number): [number, string][] {
  const samples: [number, string][] = [];
  const growth = 1 + (seed % 97);
  let state = (seed * 2_654_435_761) % 2 ** 32;
  let value = state % 1_000_000;
  for (let at = written.start; at <= written.end; at += written.every) {
    samples.push([at * 1000, String(value)]);
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    value += Math.floor((state / 2 ** 32) * growth * 2);
  }
  return samples;
}
