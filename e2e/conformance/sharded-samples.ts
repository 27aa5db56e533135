import { evenOwners, slotOf } from "../../src/plan/slots.ts";
import type { WrittenSeries } from "../harness/remote-write.ts";

/** Flags of a server that takes old samples and keeps them; the rest as promfleet renders them for reads. */
export const storeFlags = [
  "--web.enable-remote-write-receiver",
  "--storage.tsdb.retention.time=10y",
  "--storage.remote.read-concurrent-limit=1024",
];

/** How series are spread over shards. */
export type Spreading = "instance" | "series";

/** Each series to a shard by all of its labels, so that next to no group is whole on one. */
export function scatterOverShards(samples: readonly WrittenSeries[], shards: number): WrittenSeries[][] {
  const parts = Array.from({ length: shards }, (): WrittenSeries[] => []);
  for (const series of samples) {
    const labels = Object.entries(series.labels).toSorted(([left], [right]) => (left < right ? -1 : 1));
    parts[slotOf([JSON.stringify(labels)]) % shards]?.push(series);
  }
  return parts;
}

/** Each series to the shard that owns the slot of its instance, as the product shards its targets. */
export function splitByShard(samples: readonly WrittenSeries[], shards: number): WrittenSeries[][] {
  const owners = evenOwners(shards);
  const ids = Array.from({ length: shards }, (_, index) => String(index));
  const parts = ids.map((id) =>
    samples.filter((series) => owners[slotOf([series.labels["instance"] ?? ""])] === id),
  );
  if (parts.some((part) => part.length === 0)) throw new Error("a shard got no series");
  return parts;
}
