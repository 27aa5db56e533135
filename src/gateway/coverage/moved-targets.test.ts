import { expect, test } from "vitest";
import { haveMovedWithin, instanceTenures, isOnlyWithin, targetsOfSeveral } from "./moved-targets.ts";
import type { TargetScrapes } from "./replica-scrapes.ts";

type Times = readonly [number, number];

function scrapes(
  job: string,
  instance: string,
  runs: readonly Times[],
  any?: readonly Times[],
): TargetScrapes {
  const asRuns = (times: readonly Times[]) => times.map(([from, to]) => ({ from, to, interval: 10 }));
  return { job, instance, runs: asRuns(runs), ...(any && { any: asRuns(any) }) };
}

/** A replica, and when it has scraped which targets. */
function replica(shard: string, targets: Record<string, readonly Times[]>) {
  return {
    shard,
    targets: new Map(
      Object.entries(targets).map(([key, runs]) => [key, scrapes(key.split("/")[0] ?? "", key, runs)]),
    ),
  };
}

const none: ReadonlySet<string> = new Set();
const within = (targets: ReturnType<typeof targetsOfSeveral>, from: number, to: number): boolean =>
  haveMovedWithin(targets, { from, to });

test("targets of one shard have not moved, whichever replicas have them", () => {
  const replicas = [
    replica("0", { "j/a": [[0, 100]], "j/b": [[0, 100]] }),
    replica("0", { "j/a": [[50, 200]] }),
    replica("1", { "j/c": [[0, 100]] }),
  ];
  expect(targetsOfSeveral(replicas, none)).toEqual([]);
  expect(within([], 0, 1000)).toBe(false);
});

test("one that has moved has been on each shard in some time, on either of its replicas", () => {
  const replicas = [
    replica("0", {
      "j/a": [
        [100, 200],
        [300, 400],
      ],
      "j/b": [[0, 900]],
    }),
    replica("0", { "j/a": [[50, 380]] }),
    replica("1", { "j/a": [[450, 500]] }),
    replica("1", {
      "j/a": [
        [440, 490],
        [600, 700],
      ],
    }),
  ];
  const moved = targetsOfSeveral(replicas, none);
  expect(moved).toEqual([
    new Map([
      ["0", { from: 50, to: 400 }],
      ["1", { from: 440, to: 700 }],
    ]),
  ]);
  for (const [from, to] of [
    [0, 1000],
    [400, 440],
    [60, 450],
    [399, 2000],
  ] as const)
    expect(within(moved, from, to), `${from} to ${to}`).toBe(true);
  for (const [from, to] of [
    [0, 40],
    [0, 439],
    [401, 439],
    [401, 1000],
    [440, 700],
    [701, 900],
  ] as const)
    expect(within(moved, from, to), `${from} to ${to}`).toBe(false);
});

test("one that comes back has moved between", () => {
  const moved = targetsOfSeveral(
    [
      replica("0", {
        "j/a": [
          [0, 100],
          [900, 1000],
        ],
      }),
      replica("1", { "j/a": [[200, 300]] }),
    ],
    none,
  );
  expect(within(moved, 250, 260)).toBe(true);
  expect(within(moved, 400, 500)).toBe(false);
});

test("each target is looked at alone", () => {
  const moved = targetsOfSeveral(
    [
      replica("0", { "j/a": [[0, 100]], "j/b": [[800, 900]] }),
      replica("1", { "j/a": [[500, 600]], "j/b": [[950, 999]] }),
    ],
    none,
  );
  expect(moved).toHaveLength(2);
  expect(within(moved, 50, 400)).toBe(false);
  expect(within(moved, 560, 850)).toBe(false);
  expect(within(moved, 850, 960)).toBe(true);
});

test("what every shard scrapes has not moved", () => {
  const replicas = ["0", "1"].map((shard) => replica(shard, { "all/a": [[0, 100]], "j/b": [[0, 100]] }));
  expect(targetsOfSeveral(replicas, new Set(["all"]))).toHaveLength(1);
  expect(targetsOfSeveral(replicas, new Set(["all", "j"]))).toEqual([]);
});

test("failed scrapes are samples, too, and none at all are none", () => {
  const failing = { shard: "1", targets: new Map([["j/a", scrapes("j", "a", [], [[150, 300]])]]) };
  const nothing = { shard: "2", targets: new Map([["j/a", scrapes("j", "a", [])]]) };
  const moved = targetsOfSeveral([replica("0", { "j/a": [[0, 100]] }), failing, nothing], none);
  expect(moved).toEqual([
    new Map([
      ["0", { from: 0, to: 100 }],
      ["1", { from: 150, to: 300 }],
    ]),
  ]);
  expect(within(targetsOfSeveral([failing, nothing], none), 0, 1000)).toBe(false);
});

test("the targets of an instance tell where it is", () => {
  const replicas = [
    {
      shard: "0",
      targets: new Map([
        ["k1", scrapes("j", "a", [[0, 100]])],
        ["k2", scrapes("k", "a", [[300, 400]])],
        ["k3", scrapes("j", "b", [])],
        ["k4", scrapes("all", "c", [[0, 100]])],
      ]),
    },
    { shard: "1", targets: new Map([["k5", scrapes("l", "a", [[500, 600]])]]) },
  ];
  const tenures = instanceTenures(replicas, new Set(["all"]));
  expect([...tenures.keys()]).toEqual(["a", "b"]);
  const a = tenures.get("a");
  if (!a) throw new Error("not there");
  for (const [from, to, shards] of [
    [0, 499, ["0"]],
    [0, 500, []],
    [401, 1000, ["1"]],
    [600, 900, ["1"]],
    [601, 900, ["0", "1"]],
  ] as const)
    expect(
      ["0", "1"].filter((shard) => isOnlyWithin(a, shard, { from, to })),
      `${from} to ${to}`,
    ).toEqual(shards);
});
