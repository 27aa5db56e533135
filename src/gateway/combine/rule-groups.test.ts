import { expect, test } from "vitest";
import { type RuleGroup, unitedGroups } from "./rule-groups.ts";

type Rule = RuleGroup["rules"][number];

const evaluated = { evaluationTime: 0.1, lastEvaluation: "2026-01-01T00:00:00Z" };

function recording(name: string, more: Partial<Rule> = {}): Rule {
  return { type: "recording", name, query: "up", labels: {}, health: "ok", ...evaluated, ...more };
}

function alerting(name: string, instances: Record<string, string>, more: Partial<Rule> = {}): Rule {
  const alerts = Object.entries(instances).map(([instance, state]) => ({ labels: { instance }, state }));
  const state = alerts.some((alert) => alert.state === "firing")
    ? "firing"
    : (alerts[0]?.state ?? "inactive");
  return { ...recording(name), type: "alerting", state, duration: 0, alerts, ...more };
}

function group(name: string, file: string, rules: Rule[], more: Partial<RuleGroup> = {}): RuleGroup {
  return { name, file, rules, ...evaluated, ...more };
}

function united(...shards: RuleGroup[][]): RuleGroup[] {
  return unitedGroups(shards).map((one) => one.group);
}

test("a group that two shards have is shown once, with the alerts of both", () => {
  const [got, ...others] = united(
    [group("g", "f", [alerting("a", { x: "firing", z: "pending" }), alerting("b", {})])],
    [group("g", "f", [alerting("a", { y: "pending", z: "firing" }), alerting("b", { y: "pending" })])],
  );
  expect(others).toEqual([]);
  expect(got?.rules.map(({ name, state }) => [name, state])).toEqual([
    ["a", "firing"],
    ["b", "pending"],
  ]);
  expect(got?.rules[0]?.alerts).toEqual([
    { labels: { instance: "x" }, state: "firing" },
    { labels: { instance: "z" }, state: "firing" },
    { labels: { instance: "y" }, state: "pending" },
  ]);
});

test("a rule is as ill as where it is worst, whichever shard that is", () => {
  const ill = recording("r", { health: "err", lastError: "broken" });
  const well = recording("r");
  for (const shards of [
    [ill, well],
    [well, ill],
    [recording("r", { health: "unknown" }), ill],
  ])
    expect(united(...shards.map((rule) => [group("g", "f", [rule])]))[0]?.rules).toEqual([ill]);
  expect(united([group("g", "f", [well])], [group("g", "f", [well])])[0]?.rules).toEqual([well]);
});

test("the longest evaluation and the newest", () => {
  const slow = { evaluationTime: 3, lastEvaluation: "2026-01-01T00:00:01Z" };
  const late = { evaluationTime: 1, lastEvaluation: "2026-01-01T01:00:01.5+01:00" };
  const want = { evaluationTime: 3, lastEvaluation: late.lastEvaluation };
  for (const [left, right] of [
    [slow, late],
    [late, slow],
  ]) {
    const [got] = united(
      [group("g", "f", [recording("r", left)], left)],
      [group("g", "f", [recording("r", right)], right)],
    );
    expect(got).toMatchObject(want);
    expect(got?.rules[0]).toMatchObject(want);
  }
});

test("alerts that are left out stay out", () => {
  const rule = alerting("a", {}, { alerts: null });
  expect(united([group("g", "f", [rule])], [group("g", "f", [rule])])[0]?.rules).toEqual([rule]);
});

test("groups of one name in two files are two", () => {
  const shard = [group("g", "f0", [recording("r")]), group("g", "f1", [recording("s")])];
  expect(united(shard, shard)).toEqual(shard);
  // also where only the second is on both
  expect(united(shard, shard.slice(1))).toEqual(shard);
  // and where its file has another name
  const [, second] = unitedGroups([shard, [group("g", "f9", [recording("s")])]]);
  expect(second).toEqual({ group: shard[1], files: new Set(["f1", "f9"]) });
  const alike = ["f0", "f1"].map((file) => group("g", file, [recording("r")]));
  const renamed = ["f8", "f9"].map((file) => group("g", file, [recording("r")]));
  expect(unitedGroups([alike, renamed]).map(({ files }) => [...files])).toEqual([
    ["f0", "f8"],
    ["f1", "f9"],
  ]);
});

test("a group whose file lacks a rule on one shard is one group", () => {
  const both = recording("r");
  const first = recording("only first");
  const [got, ...others] = unitedGroups([
    [group("g", "f-123", [first, both])],
    [group("g", "f-456", [both]), group("h", "f-456", [both])],
  ]);
  expect(got?.group.rules).toEqual([first, both]);
  expect(got?.files).toEqual(new Set(["f-123", "f-456"]));
  expect(others.map((one) => one.group.name)).toEqual(["h"]);
});

test("a rule that is there twice stays there twice", () => {
  const shard = [group("g", "f", [recording("r"), recording("r"), recording("r", { labels: { a: "b" } })])];
  expect(united(shard, shard)).toEqual(shard);
});
