import os from "node:os";
import { setFlagsFromString } from "node:v8";
import { Command, InvalidArgumentError, Option } from "commander";
import { version } from "./version.ts";

interface Options {
  listen: { host: string; port: number };
  watchNamespaces?: string[];
  leaseNamespace?: string;
  leaseName: string;
  kubeconfig?: string;
  context?: string;
}

export function command(): Command {
  return new Command("operator")
    .description("keep the fleets of a Kubernetes cluster as their PrometheusFleet objects declare them")
    .addOption(
      new Option("--listen <address>", "host:port of its metrics and health; port 0 has one chosen")
        .argParser(address)
        .default({ host: "127.0.0.1", port: 9391 }, "127.0.0.1:9391"),
    )
    .addOption(
      new Option(
        "--watch-namespaces <names>",
        "only the fleets there, with commas between (default all)",
      ).argParser(names),
    )
    .option(
      "--lease-namespace <name>",
      "namespace of the lease by which one of several leads (default its own)",
    )
    .option("--lease-name <name>", "name of that lease", "promfleet-operator")
    .option(
      "--kubeconfig <file>",
      "the cluster (default $KUBECONFIG, ~/.kube/config, or that which it runs in)",
    )
    .option("--context <name>", "of the kubeconfig")
    .addHelpText("after", help)
    .action(run);
}

const help = `
Runs until SIGTERM or SIGINT; ends by itself with code 7 when it does not lead any more, to be started again. What happens is written to
stderr, and to the status and the events of the objects.

Examples:
  $ promfleet operator
  $ promfleet operator --watch-namespaces monitoring,staging --listen 0.0.0.0:9391
  $ promfleet operator --kubeconfig admin.conf --lease-namespace kube-system
`;

async function run(options: Options): Promise<void> {
  // what it works on is short-lived: more room for young objects would only make the process larger
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=50");
  const terminated = Promise.withResolvers<undefined>();
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.once(signal, () => terminated.resolve(undefined));
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  const [{ ApiClient }, { clusterAccess }, { startOperator }, { declarationCheck }] = await Promise.all([
    import("../kubernetes/api-client.ts"),
    import("../kubernetes/kubeconfig.ts"),
    import("../operator/operator.ts"),
    import("./declaration-check.ts"),
  ]);
  const { kubeconfig, context } = options;
  const api = new ApiClient(await clusterAccess({ kubeconfig, context }));
  const { check, prometheus } = await declarationCheck();
  const identity = `${process.env["POD_NAME"] ?? os.hostname()}_${process.pid}_${Date.now().toString(36)}`;
  const operator = await startOperator({
    api,
    namespaces: options.watchNamespaces,
    lease: {
      namespace: options.leaseNamespace ?? process.env["POD_NAMESPACE"] ?? api.namespace,
      name: options.leaseName,
    },
    identity,
    listen: options.listen,
    versions: { promfleet: version, prometheus },
    check,
    say,
  });
  say(
    `looks after ${options.watchNamespaces?.join(", ") ?? "all namespaces"} of ${api.server}, metrics at port ${operator.port}`,
  );
  const lost = await Promise.race([terminated.promise, operator.lost]);
  if (lost === undefined) {
    say("is being stopped");
    await operator.close();
    return;
  }
  say(`does not lead any more: ${lost}`);
  // whatever is under way is not to be gone on with
  process.exit(7);
}

function address(text: string): { host: string; port: number } {
  const [, host = "", port = ""] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  if (host === "" || Number(port) > 65_535)
    throw new InvalidArgumentError("expected host:port, such as 0.0.0.0:9391.");
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}

function names(text: string): string[] {
  const list = text.split(",").map((name) => name.trim());
  if (!list.every((name) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)))
    throw new InvalidArgumentError("expected names of namespaces with commas between.");
  return list;
}

function say(sentence: string): void {
  process.stderr.write(`${new Date().toISOString()} ${sentence}\n`);
}
