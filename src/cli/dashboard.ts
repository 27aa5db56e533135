import { Command } from "commander";

export function command(): Command {
  return new Command("dashboard")
    .description("print a Grafana dashboard of the gateway")
    .addHelpText("after", help)
    .action(async () => {
      const { gatewayDashboard } = await import("../render/monitoring/gateway-dashboard.ts");
      process.stdout.write(gatewayDashboard());
    });
}

const help = `
Import it in Grafana (Dashboards, New, Import), or provision it. It asks a Prometheus that scrapes the gateway's /metrics, or the gateway
of a fleet that does (spec.monitoring.fleet).

Examples:
  $ promfleet dashboard > promfleet-gateway.json
`;
