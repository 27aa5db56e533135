import { Command } from "commander";

export function command(): Command {
  return new Command("rules")
    .description("print alerting rules about the gateway, as a rule file of Prometheus")
    .addHelpText("after", help)
    .action(async () => {
      const { gatewayRules } = await import("../render/monitoring/gateway-rules.ts");
      process.stdout.write(gatewayRules());
    });
}

const help = `
Load it in a Prometheus that scrapes the gateway's /metrics, best one outside of the fleet: who is down can not tell. The group may also
stand in spec.rules of fleet.yaml.

Examples:
  $ promfleet rules > promfleet-gateway.rules.yaml
  $ promfleet rules | promtool check rules
`;
