import { evenOwners, slotOf } from "../../src/plan/slots.ts";
import type { WrittenSeries } from "../harness/remote-write.ts";

/** Flags of a server that takes old samples and keeps them; the rest as promfleet renders them for reads. */
export const storeFlags = [
  "--web.enable-remote-write-receiver",
  "--storage.tsdb.retention.time=10y",
  "--storage.remote.read-concurrent-limit=1024",
];

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
