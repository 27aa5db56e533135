import { expect, test } from "vitest";
import { type ShardTargets, unitedDropped } from "./dropped-targets.ts";

function target(instance: string, scrapePool = "app") {
  return { discoveredLabels: { instance }, scrapePool };
}

function shard(active: string[], dropped: string[], count?: number, pool = "app"): ShardTargets {
  return {
    activeTargets: active.map((instance) => target(instance, pool)),
    droppedTargets: dropped.map((instance) => target(instance, pool)),
    droppedTargetCounts: { [pool]: count ?? dropped.length },
  };
}

/** As Prometheus 2 shows it. */
function bare(active: string, left: string): ShardTargets {
  return {
    activeTargets: [target(active)],
    droppedTargets: [left, "x"].map((instance) => ({ discoveredLabels: { instance, job: "app" } })),
  };
}

function dropped(shards: ShardTargets[], onEveryShard: string[] = []) {
  const { targets, counts } = unitedDropped(shards, new Set(onEveryShard));
  return { targets: targets.map(({ discoveredLabels }) => discoveredLabels["instance"]), counts };
}

test("only what every shard drops is dropped", () => {
  expect(dropped([shard(["a"], ["b", "x"]), shard(["b"], ["a", "x"])])).toEqual({
    targets: ["x"],
    counts: { app: 1 },
  });
  expect(dropped([shard(["a"], ["b"]), shard(["b"], ["a"])])).toEqual({ targets: [], counts: { app: 0 } });
});

test("a target that is found twice is dropped twice", () => {
  expect(dropped([shard(["a"], ["x", "x"]), shard([], ["x", "a", "x"])]).targets).toEqual(["x", "x"]);
});

test("a shard without the pool has no say", () => {
  const other = shard(["o"], [], 0, "other");
  expect(dropped([other, shard(["a"], ["x"])])).toEqual({ targets: ["x"], counts: { other: 0, app: 1 } });
});

test("where lists are cut the counts say how many are dropped", () => {
  // 10 targets, 4 and 3 of them active, so 3 dropped by all
  const shards = [shard(["a", "b", "c", "d"], ["x"], 6), shard(["e", "f", "g"], ["y"], 7)];
  expect(dropped(shards)).toEqual({ targets: [], counts: { app: 3 } });
  // one that has not yet learned of three targets
  expect(dropped([shard(["a"], ["x"], 1), ...shards.slice(1)]).counts).toEqual({ app: 0 });
});

test("what every shard scrapes is dropped by all alike", () => {
  const same = shard(["a"], ["x"]);
  expect(dropped([same, same], ["app"])).toEqual({ targets: ["x"], counts: { app: 1 } });
  const cut = shard(["a", "b"], ["x"], 5);
  expect(dropped([cut, cut], ["app"])).toEqual({ targets: ["x"], counts: { app: 5 } });
});

test("Prometheus 2 tells neither pools of dropped targets nor counts", () => {
  expect(dropped([bare("a", "b"), bare("b", "a")])).toEqual({ targets: ["x"], counts: undefined });
});
