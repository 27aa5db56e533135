import { afterAll, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { RuleFile } from "../../../e2e/harness/alerts-firing.ts";
import { gatewayRules } from "./gateway-rules.ts";

const file = new RuleFile(gatewayRules());
afterAll(() => file[Symbol.dispose]());

const { groups } = parseYaml(gatewayRules()) as { groups: [{ rules: { alert: string }[] }] };
const alerts = groups[0].rules.map(({ alert }) => alert);

const g = 'job="promfleet", instance="main-gateway"';
const replica = (server: string) => `promfleet_gateway_replica_up{${g}, shard="0", server="${server}"}`;
const well = { [replica("main-0-a")]: "1x180", [replica("main-0-b")]: "1x180" };
const answers = (outcome: string) =>
  `promfleet_gateway_query_answers_total{${g}, way="pass", outcome="${outcome}"}`;
const busy = `promfleet_gateway_errors_total{${g}, code="GATEWAY_BUSY"}`;
const up = `up{${g}}`;
const topology = `promfleet_gateway_topology_good{${g}}`;
const lag = `nodejs_eventloop_lag_p99_seconds{${g}}`;

/** Samples a minute of what makes an alert, and of what does not; minutes after which it is on. */
const cases: Record<string, { bad: Record<string, string>; good: Record<string, string>; after: number }> = {
  PromfleetGatewayDown: {
    bad: { [up]: "1x10 0x170", [topology]: "1x10 stale" },
    // others that are down are not a gateway
    good: { [up]: "1x180", [topology]: "1x180", 'up{job="app", instance="x"}': "0x180" },
    after: 14,
  },
  PromfleetShardUnavailable: {
    bad: { [replica("main-0-a")]: "0x180", [replica("main-0-b")]: "0x180" },
    good: { [replica("main-0-a")]: "0x180", [replica("main-0-b")]: "1x180" },
    after: 3,
  },
  PromfleetReplicaDown: { bad: { ...well, [replica("main-0-a")]: "0x180" }, good: well, after: 7 },
  PromfleetCoverageHole: {
    bad: { [`promfleet_gateway_replica_lacking_seconds{${g}, shard="0", server="main-0-a"}`]: "90x180" },
    // one that is healed within the hour
    good: {
      [`promfleet_gateway_replica_lacking_seconds{${g}, shard="0", server="main-0-a"}`]: "90x40 0x140",
    },
    after: 62,
  },
  PromfleetConfigurationStale: {
    bad: { [`promfleet_gateway_replica_config_stale{${g}, shard="0", server="main-0-a"}`]: "1x180" },
    good: { [`promfleet_gateway_replica_config_stale{${g}, shard="0", server="main-0-a"}`]: "0x180" },
    after: 17,
  },
  PromfleetEvaluatorDown: {
    bad: { [`promfleet_gateway_evaluator_up{${g}}`]: "0x180" },
    good: { [`promfleet_gateway_evaluator_up{${g}}`]: "1x180" },
    after: 4,
  },
  PromfleetGatewayOverloaded: { bad: { [busy]: "0+60x180" }, good: { [busy]: "7x180" }, after: 12 },
  PromfleetQueriesFail: {
    bad: { [answers("answered")]: "0+90x180", [answers("failed")]: "0+10x180" },
    good: {
      [answers("answered")]: "0+99x180",
      [answers("failed")]: "0+1x180",
      [answers("gone")]: "0+50x180",
    },
    after: 12,
  },
  PromfleetGatewayLate: {
    bad: { [lag]: "2x180", [topology]: "1x180" },
    // another program of Node
    good: {
      'nodejs_eventloop_lag_p99_seconds{job="app", instance="x"}': "2x180",
      [topology]: "1x180",
      [lag]: "0.01x180",
    },
    after: 12,
  },
  // time() counts from 0 in promtool
  PromfleetGatewayCertificateExpires: {
    bad: { [`promfleet_gateway_tls_certificate_expiry_timestamp_seconds{${g}}`]: "600000x180" },
    good: { [`promfleet_gateway_tls_certificate_expiry_timestamp_seconds{${g}}`]: "7776000x180" },
    after: 62,
  },
  PromfleetGatewayCertificateRefused: {
    bad: { [`promfleet_gateway_tls_files_good{${g}}`]: "0x180" },
    good: { [`promfleet_gateway_tls_files_good{${g}}`]: "1x180" },
    after: 7,
  },
  PromfleetTopologyRefused: { bad: { [topology]: "0x180" }, good: { [topology]: "1x180" }, after: 7 },
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

test("texts name labels that the alerts have", () => {
  const text = gatewayRules();
  for (const [, label = ""] of text.matchAll(/\$labels\.(\w+)/g))
    expect(["instance", "server", "shard"]).toContain(label);
});
