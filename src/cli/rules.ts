import { Command, Option } from "commander";

export function command(): Command {
  return new Command("rules")
    .description("print alerting rules about gateways or operators, as a rule file of Prometheus")
    .addOption(
      new Option("--about <what>", "whom they are about").choices(["gateway", "operator"]).default("gateway"),
    )
    .addHelpText("after", help)
    .action(async ({ about }: { about: "gateway" | "operator" }) => {
      if (about === "operator") {
        const { operatorRules } = await import("../render/monitoring/operator-rules.ts");
        process.stdout.write(operatorRules());
        return;
      }
      const { gatewayRules } = await import("../render/monitoring/gateway-rules.ts");
      process.stdout.write(gatewayRules());
    });
}

const help = `
Load it in a Prometheus that scrapes their /metrics, best one outside of the fleet: who is down can not tell. The group may also
stand in spec.rules of fleet.yaml.

Examples:
  $ promfleet rules > promfleet-gateway.rules.yaml
  $ promfleet rules --about operator > promfleet-operator.rules.yaml
  $ promfleet rules | promtool check rules
`;
