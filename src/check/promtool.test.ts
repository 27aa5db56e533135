import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { planFleet } from "../plan/plan-fleet.ts";
import { prometheusFeatures } from "../plan/prometheus-version.ts";
import { testSpec } from "../plan/test-spec.ts";
import type { FleetSpec, RuleGroup, ScrapeConfig, Verbatim } from "../spec/fleet-spec.ts";
import { programsFolder } from "../local/programs/cache-folder.ts";
import { checkWithPromtool } from "./promtool.ts";

function job(jobName: string, config: Verbatim = {}): ScrapeConfig {
  return { jobName, onEveryShard: false, shardKey: undefined, config: { job_name: jobName, ...config } };
}

function group(
  name: string,
  rules: readonly (Verbatim & { expr: string })[],
  more: Verbatim = {},
): RuleGroup {
  return {
    name,
    interval: undefined,
    rules: rules.map((rule) => ({
      kind: "record" in rule ? "record" : "alert",
      name: String(rule["record" in rule ? "record" : "alert"]),
      expr: rule.expr,
      labels: {},
    })),
    group: { name, rules, ...more },
  };
}

/** A way to a value exists in the spec where each of its keys does; camel-case keys of the spec are taken on trust. */
function positionIn(sections: Verbatim) {
  return (place: readonly (string | number)[]) => {
    let value: unknown = sections;
    for (const key of place.slice(1)) {
      if (typeof value !== "object" || value === null || !(key in value)) return undefined;
      value = (value as Record<string | number, unknown>)[key];
    }
    return { file: place.join("."), line: 1, column: 1 };
  };
}

describe.each(["2.42.0", "3.16.0"])("promtool %s", (version) => {
  const promtool = path.join(programsFolder(process.env), `prometheus-${version}`, "promtool");
  const there = existsSync(promtool);

  /** Complaints as "where: what". */
  async function complaints(part: Partial<FleetSpec>): Promise<string[]> {
    const spec = { ...testSpec, ...part };
    const positionOf = positionIn({
      scrapeConfigs: spec.scrapeConfigs.map(({ config }) => config),
      rules: spec.rules.map(({ group }) => group),
      alerting: spec.alerting,
      longTerm: spec.longTerm,
      prometheus: spec.prometheus,
    });
    const plan = planFleet(spec, positionOf);
    try {
      const features = prometheusFeatures(version);
      await checkWithPromtool({ promtool, features, plan, baseDir: "/base", positionOf });
      return [];
    } catch (error) {
      if (!(error instanceof PromfleetError)) throw error;
      return error.complaints.map(
        ({ at, message }) => `${at?.file}: ${message.replace(`Prometheus ${version} refuses `, "")}`,
      );
    }
  }

  it.skipIf(!there)("accepts what is right", async () => {
    expect(
      await complaints({
        scrapeConfigs: [
          job("a", { relabel_configs: [{ action: "labelmap", regex: "__meta_(.+)" }] }),
          job("b"),
        ],
        rules: [
          group("g", [{ record: "r", expr: "sum(up)" }]),
          group("g", [{ alert: "A", expr: "up == 0" }]),
        ],
        alerting: { alertmanagers: [{ static_configs: [{ targets: ["127.0.0.1:9093"] }] }] },
        longTerm: { remoteWrite: [{ url: "http://127.0.0.1:1/write" }], replicaLabel: "__replica__" },
        monitoring: { fleet: true, node: true, demo: 6 },
        prometheus: { ...testSpec.prometheus, externalLabels: { region: "on" }, retentionSize: "1GB" },
      }),
    ).toEqual([]);
  });

  it.skipIf(!there)("says everything that is wrong with the configuration, and where", async () => {
    const found = await complaints({
      scrapeConfigs: [
        job("a", { relabel_configs: [{ target_label: "x" }, { action: "keepp" }] }),
        job("fine"),
        job("b", { metric_relabel_configs: [{ source_labels: ["x"], regex: "(", action: "drop" }] }),
        job("c", { scrape_timeout: "5m" }),
        job("d", { static_configs: [{ targets: ["http://x/"] }] }),
        job("e", { honor_labels: 3, nonsense: true }),
        job("f", { authorization: { credentials_file: "secret" } }),
      ],
      alerting: { alertmanagers: [{ scheme: 3, timout: "1s" }] },
    });
    expect(found).toEqual([
      'spec.scrapeConfigs.0.relabel_configs.1.action: scrape config "a": unknown relabel action "keepp"',
      expect.stringMatching(
        /^spec.scrapeConfigs.2.metric_relabel_configs.0.regex: scrape config "b": error parsing regexp/,
      ),
      expect.stringMatching(
        /^spec.scrapeConfigs.3.job_name: scrape config "c": scrape timeout greater than scrape interval/,
      ),
      expect.stringMatching(
        /^spec.scrapeConfigs.4.static_configs.0.targets.0: scrape config "d": "http:\/\/x\/" is not a valid/,
      ),
      expect.stringMatching(/^spec.scrapeConfigs.5.honor_labels: scrape config "e": cannot unmarshal/),
      expect.stringMatching(/^spec.scrapeConfigs.5.nonsense: scrape config "e": field nonsense not found/),
      expect.stringMatching(/^spec.scrapeConfigs.6.*: scrape config "f": .*\/base\/secret/),
      expect.stringMatching(
        /^spec.alerting.alertmanagers.0.timout: the alerting section: field timout not found/,
      ),
    ]);
  });

  it.skipIf(!there)("finds what is wrong only with the whole", async () => {
    expect(await complaints({ scrapeConfigs: [job("a"), job("b"), job("a")] })).toEqual([
      'spec.scrapeConfigs.2.job_name: the configuration: found multiple scrape configs with job name "a"',
    ]);
  });

  it.skipIf(!there)("places what is wrong with global settings", async () => {
    const prometheus = { ...testSpec.prometheus, scrapeInterval: "5x", global: { foo: 1 } };
    const found = await complaints({ prometheus });
    expect(found[0]).toMatch(/^spec.prometheus.(scrapeInterval|global.foo): the global section: /);
  });

  it.skipIf(!there)("says everything that is wrong with rules, and where", async () => {
    const found = await complaints({
      rules: [
        group("g", [
          { record: "fine", expr: "up" },
          { record: "a", expr: "sum(" },
          { record: "b", expr: "rate(up)" },
          { alert: "X", expr: "up == 0", annotations: { x: "{{ .Foo" } },
        ]),
        group("g", [{ alert: "Y", expr: "up == 0", for: "5x" }]),
        group("h", [{ record: "c", expr: "up", exprr: "up" }], { limitt: 3 }),
      ],
    });
    expect(found).toEqual([
      'spec.rules.0.rules.1.expr: rule "a" of group "g": could not parse expression: 1:5: parse error: unclosed left parenthesis',
      'spec.rules.0.rules.2.expr: rule "b" of group "g": could not parse expression: 1:6: parse error: expected type range vector in call to function "rate", got instant vector',
      expect.stringMatching(
        /^spec.rules.0.rules.3: rule "X" of group "g": annotation "x": template: .*unclosed action$/,
      ),
      expect.stringMatching(/^spec.rules.1.rules.0.for: rule "Y" of group "g": .*"5x"/),
      expect.stringMatching(/^spec.rules.2.rules.0.exprr: rule "c" of group "h": field exprr not found/),
      expect.stringMatching(/^spec.rules.2.limitt: group "h": field limitt not found/),
    ]);
  });
});

it("tells of a promtool that cannot be run", async () => {
  const plan = planFleet(testSpec, () => undefined);
  const check = { promtool: "/nowhere/promtool", plan, baseDir: "/", positionOf: () => undefined };
  await expect(checkWithPromtool({ ...check, features: prometheusFeatures("3.16.0") })).rejects.toThrow(
    "/nowhere/promtool cannot check the configuration",
  );
});
