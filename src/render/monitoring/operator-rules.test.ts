import { afterAll, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { RuleFile } from "../../../e2e/harness/alerts-firing.ts";
import { operatorRules } from "./operator-rules.ts";

const file = new RuleFile(operatorRules());
afterAll(() => file[Symbol.dispose]());

const { groups } = parseYaml(operatorRules()) as { groups: [{ rules: { alert: string }[] }] };
const alerts = groups[0].rules.map(({ alert }) => alert);

const of = 'namespace="monitoring", fleet="main"';
const server = `${of}, shard="0", server="main-0-a"`;
const killed = `promfleet_operator_server_out_of_memory{${server}}`;
const restarts = `promfleet_operator_server_restarts{${server}}`;
const ready = `promfleet_operator_server_ready{${server}}`;
const condition = (type: string) => `promfleet_operator_fleet_condition{${of}, type="${type}"}`;
const leader = (instance: string) => `promfleet_operator_leader{instance="${instance}"}`;
const led = { [leader("a")]: "1x180", [leader("b")]: "0x180" };

/** Samples a minute of what makes an alert, and of what does not; minutes after which it is on. */
const cases: Record<string, { bad: Record<string, string>; good: Record<string, string>; after: number }> = {
  PromfleetServerOutOfMemory: {
    bad: { [killed]: "0x5 1x175", [restarts]: "0x5 1x175" },
    // restarted for another reason
    good: { [killed]: "0x180", [restarts]: "0x5 1x175" },
    after: 7,
  },
  PromfleetServerNotReady: { bad: { [ready]: "0x180" }, good: { [ready]: "0x8 1x172" }, after: 12 },
  PromfleetFleetNotReady: {
    bad: { [condition("Ready")]: "0x180" },
    good: { [condition("Ready")]: "1x180" },
    after: 3,
  },
  PromfleetFleetDegraded: {
    bad: { [condition("Degraded")]: "1x180" },
    good: { [condition("Degraded")]: "1x10 0x170" },
    after: 17,
  },
  PromfleetOperatorDown: {
    bad: { [leader("a")]: "0x180", [leader("b")]: "0x180" },
    good: led,
    after: 7,
  },
};

test.each(["2.42", "3.16"])("promtool of %s takes the rules, without a remark", async (version) => {
  expect(await file.check(version)).toEqual([
    0,
    "",
    expect.stringContaining(`SUCCESS: ${alerts.length} rules found`),
  ]);
});

test("every alert has a case", () => {
  expect(Object.keys(cases).toSorted()).toEqual(alerts.toSorted());
});

test.each(Object.entries(cases))(
  "%s fires when it should, not before, and not for what is well",
  async (alert, { bad, good, after }) => {
    expect(await file.isFiring(bad, alert, after)).toBe(true);
    expect(await file.isFiring(bad, alert, 0)).toBe(false);
    for (const minute of [30, 150]) expect(await file.isFiring(good, alert, minute)).toBe(false);
  },
);

test("no operator at all is none that leads", async () => {
  expect(await file.isFiring({ up: "1x180" }, "PromfleetOperatorDown", 10)).toBe(true);
});
