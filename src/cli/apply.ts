import { setTimeout as pause } from "node:timers/promises";
import { Command, Option } from "commander";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { parseDuration } from "../promql/duration.ts";
import type { ApiClient } from "../kubernetes/api-client.ts";
import type { LiveObject } from "../kubernetes/api-object.ts";
import { type ClusterOptions, openCluster, withCluster } from "./cluster-options.ts";
import { namedPath } from "./named-path.ts";
import { Progress } from "./progress.ts";
import { usualFile } from "./read-declaration.ts";

interface Options extends ClusterOptions {
  file: string;
  dryRun?: true;
  quick?: true;
  wait: boolean;
  timeout: string;
  output: "text" | "json";
}

export function command(): Command {
  return withCluster(new Command("apply"))
    .description("hand a fleet.yaml to a Kubernetes cluster, and wait until it is rolled out")
    .option("-f, --file <file>", "the declaration", namedPath, usualFile)
    .option("--dry-run", "have the API server say what it thinks of it, and change nothing")
    .option("--quick", "do not ask Prometheus itself first")
    .option("--no-wait", "do not wait for the operator")
    .option("--timeout <duration>", "how long to wait", "15m")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json"]).default("text"))
    .addHelpText("after", help)
    .action(run);
}

const help = `
The declaration is checked as by \`promfleet validate\`, with file, line and column, then applied server-side as an object of kind
PrometheusFleet. What then happens is the operator's doing (\`promfleet operator\`, or the Helm chart), and is told here line by line.
Exit code 7 when it is refused, or not rolled out in time; servers that run are then as they were.

Examples:
  $ promfleet apply -n monitoring
  $ promfleet apply -f production.yaml --context production --dry-run
  $ promfleet apply -n monitoring --no-wait -o json
`;

async function run(options: Options): Promise<void> {
  const { file, dryRun = false, quick = false, wait, output } = options;
  const timeoutMs = parseDuration(options.timeout);
  if (timeoutMs === undefined)
    throw new PromfleetError({
      code: "USAGE",
      message: `--timeout ${options.timeout} is no duration such as 15m`,
    });
  const [{ checkDeclaration }, { readDeclaration }, { applyFleet, fleetObject, fleetRef }] =
    await Promise.all([
      import("./check-declaration.ts"),
      import("./read-declaration.ts"),
      import("../kubernetes/fleet-objects.ts"),
    ]);
  await checkDeclaration(file, quick, "kubernetes");
  const { text } = await readDeclaration(file);
  const api = await openCluster(options);
  const progress = new Progress(process.stderr);
  try {
    const { name, object } = fleetObject(text, api.namespace);
    const ref = fleetRef(name, api.namespace);
    const before = dryRun ? undefined : (await api.get(ref))?.metadata.generation;
    const live = await applyFleet(api, ref, object, dryRun);
    const generation = live.metadata.generation ?? 0;
    const done = dryRun ? "would be applied" : before === generation ? "is as it was" : "is applied";
    progress.say(`PrometheusFleet ${api.namespace}/${name} ${done}`);
    const told = dryRun || !wait ? undefined : await follow(api, ref, generation, progress, timeoutMs);
    if (output === "json")
      process.stdout.write(
        `${JSON.stringify({ namespace: api.namespace, name, generation, dryRun, conditions: told ?? null })}\n`,
      );
  } finally {
    await api.close();
  }
}

/** ms between two looks; after which somebody should have looked at the object. */
const poll = 500;
const unnoticed = 60_000;
/** ms for which an API server may be away meanwhile. */
const unreachable = 60_000;

/** What is wrong with the declaration itself, which waiting does not change. */
const hopeless = new Set(["DeclarationRefused", "ConfigRefused", "PreflightFailed"]);

async function follow(
  api: ApiClient,
  ref: Parameters<ApiClient["get"]>[0],
  generation: number,
  progress: Progress,
  timeoutMs: number,
): Promise<unknown> {
  const { conditionsOf } = await import("../kubernetes/fleet-objects.ts");
  const { numberAt } = await import("../kubernetes/api-object.ts");
  const began = performance.now();
  let said = "";
  let answered = began;
  for (;;) {
    const fleet = await seen(api, ref);
    if (fleet === "unreachable") {
      if (performance.now() - answered > unreachable)
        throw failed(
          `the API server has not answered for ${unreachable / 1000} s; the operator goes on with it`,
        );
      await pause(poll);
      continue;
    }
    answered = performance.now();
    if (!fleet) throw failed(`PrometheusFleet ${ref.name} is not there any more`);
    const observed = numberAt(fleet, "status", "observedGeneration") ?? 0;
    const waited = performance.now() - began;
    if (observed >= generation) {
      const conditions = conditionsOf(fleet);
      const progressing = conditions.find(({ type }) => type === "Progressing");
      const degraded = conditions.find(({ type }) => type === "Degraded");
      if (degraded?.status === "True" && hopeless.has(degraded.reason)) throw failed(degraded.message);
      if (progressing?.reason === "Done") {
        progress.say(progressing.message);
        return conditions;
      }
      if (progressing && progressing.message !== said) progress.say((said = progressing.message));
    } else if (waited > unnoticed)
      throw failed(
        `no operator has looked at it for ${unnoticed / 1000} s`,
        "See whether it runs: `kubectl get pods -A -l app.kubernetes.io/component=operator`.",
      );
    if (waited > timeoutMs)
      throw failed(
        `it is not rolled out within ${Math.round(timeoutMs / 1000)} s: ${said || "nothing was told"}`,
      );
    await pause(poll);
  }
}

async function seen(
  api: ApiClient,
  ref: Parameters<ApiClient["get"]>[0],
): Promise<LiveObject | undefined | "unreachable"> {
  try {
    return await api.get(ref);
  } catch (error) {
    if (error instanceof PromfleetError && error.code === "CLUSTER_UNREACHABLE") return "unreachable";
    throw error;
  }
}

function failed(message: string, advice?: string): PromfleetError {
  return new PromfleetError({ code: "CHANGE_FAILED", message, advice });
}
