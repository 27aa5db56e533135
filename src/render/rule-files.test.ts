import { expect, it } from "vitest";
import type { RuleGroup } from "../spec/fleet-spec.ts";
import { ruleFiles } from "./rule-files.ts";

function group(name: string, expr: string): RuleGroup {
  return { name, interval: undefined, rules: [], group: { name, rules: [{ record: "r", expr }] } };
}

it("puts two groups of one name into two files", () => {
  const files = ruleFiles([group("a", "1"), group("b", "2"), group("a", "3"), group("a", "1")]);
  expect(files.map(({ content }) => content.match(/name: \w/g))).toEqual([
    ["name: a", "name: b"],
    ["name: a"],
    ["name: a"],
  ]);
  expect(new Set(files.map(({ name }) => name)).size).toBe(3);
});

it("names a file after its content", () => {
  const [one] = ruleFiles([group("a", "1")]);
  const [same] = ruleFiles([group("a", "1")]);
  const [other] = ruleFiles([group("a", "2")]);
  expect(one).toEqual(same);
  expect(one?.name).toMatch(/^rules-0-[0-9a-f]{20}\.yml$/);
  expect(one?.name).not.toBe(other?.name);
});

it("makes no file of no groups", () => {
  expect(ruleFiles([])).toEqual([]);
});
