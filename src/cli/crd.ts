import { Command } from "commander";

export function command(): Command {
  return new Command("crd")
    .description("print the definition of PrometheusFleet for a Kubernetes API server")
    .addHelpText("after", help)
    .action(async () => {
      const [{ fleetCrd }, { yamlText }] = await Promise.all([
        import("../render/kubernetes/crd/fleet-crd.ts"),
        import("../spec/yaml-text.ts"),
      ]);
      process.stdout.write(yamlText(fleetCrd()));
    });
}

const help = `
With it the API server takes the same text as fleet.yaml has, and \`promfleet operator\` does what it says.

Examples:
  $ promfleet crd | kubectl apply --server-side -f -
  $ kubectl apply -n monitoring -f fleet.yaml
  $ kubectl get pfleet -A
`;
