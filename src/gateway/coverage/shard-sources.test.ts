import { expect, test } from "vitest";
import type { Replica } from "../router/router.ts";
import type { Hole } from "./hole.ts";
import { ShardSources, always } from "./shard-sources.ts";

const replica = (name: string, isWell = true, responds = isWell): Replica => ({
  shard: "0",
  name,
  server: `main-0-${name}`,
  url: `http://${name}`,
  externalLabels: {},
  features: undefined,
  isWell,
  respondsSince: responds ? 0 : undefined,
});

const hole: Hole = {
  target: { job: "j", instance: "i" },
  after: 0,
  before: 90_000,
  from: 15_000,
  to: 75_000,
  count: 5,
  interval: 15_000,
};

/** The names of those that would be asked, in order. */
function asked(replicas: readonly Replica[], lacking: readonly string[], failed: readonly string[]): string {
  const sources = new ShardSources(
    { candidates: () => replicas, shardIds: () => ["0"] },
    { holes: ({ name }) => (lacking.includes(name) ? [hole] : []) },
  );
  const avoid = new Set(failed.flatMap((name) => replicas.filter((one) => one.name === name)));
  return sources
    .covering("0", always, avoid)
    .map((one) => one.replica.name)
    .join(" ");
}

const three = ["a", "b", "c"].map((name) => replica(name));

test.each([
  ["the router's order", [], [], "a b c"],
  ["one that lacks something comes last", ["a"], [], "b c a"],
  ["one that has failed is left out while another one has all", [], ["a"], "b c"],
  ["it is asked again before something is lacking", ["b", "c"], ["a"], "a b c"],
  ["where all have failed, the one that failed first is asked again first", [], ["b", "c", "a"], "b c a"],
])("%s", (_, lacking, failed, order) => expect(asked(three, lacking, failed)).toBe(order));

test("one that is put aside is not asked where another one is well, whatever has failed", () => {
  const [a, b] = [replica("a"), replica("b", false)];
  expect(asked([a, b], [], [])).toBe("a");
  expect(asked([a, b], ["a"], ["b"])).toBe("a");
  expect(asked([a, b], [], ["b", "a"])).toBe("a");
  expect(asked([b], [], ["b"])).toBe("b");
});

test("one that is put aside and responds again is asked where those that are well lack something", () => {
  const [a, b] = [replica("a"), replica("b", false, true)];
  expect(asked([a, b], [], [])).toBe("a");
  expect(asked([a, b], ["a"], [])).toBe("b a");
  expect(asked([a, b], ["a"], ["b"])).toBe("b a");
  expect(asked([replica("c", false), b], [], [])).toBe("b");
});
