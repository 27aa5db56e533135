import { Command, Option } from "commander";
import { PromfleetError } from "../errors/promfleet-error.ts";
import type { Explanation } from "../gateway/explain/explanation.ts";
import { type GatewayOption, type NamedGateway, namedGateway, withGateway } from "./named-gateway.ts";
import { withState } from "./state-option.ts";

interface Options extends GatewayOption {
  time?: string;
  start?: string;
  end?: string;
  step?: string;
  analyze?: true;
  output: "text" | "json";
}

export function command(): Command {
  return withGateway(withState(new Command("explain")))
    .description("show how a query is answered: who evaluates which part of it, and why")
    .argument("<query>", "PromQL")
    .option("--time <time>", "of an instant query, as in the API (default now)")
    .option("--start <time>", "of a range query, with --end and --step (default an hour ago)")
    .option("--end <time>", "of a range query (default now)")
    .option("--step <duration>", "makes it a range query")
    .option("--analyze", "answer it, too, and tell what that took")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json"]).default("text"))
    .addHelpText("after", help)
    .action(run);
}

const help = `
The ways of a query, the quickest first:
  pass      one shard answers
  concat    the shards answer, and their series stand side by side
  combine   the shards answer for themselves, and the gateway puts that together
  cut       some parts are answered by the shards, the rest is evaluated over these
  evaluate  all of it is evaluated over the series of all shards

Examples:
  $ promfleet explain 'sum by (job) (rate(http_requests_total[5m]))'
  $ promfleet explain --step 15s --analyze 'histogram_quantile(0.9, sum by (le) (rate(latency_bucket[5m])))'
  $ promfleet explain --gateway http://127.0.0.1:9390 -o json 'up' | jq -r .way
`;

/** ms */
const patience = 130_000;
const hour = 3600;

async function run(query: string, options: Options): Promise<void> {
  const { output } = options;
  const gateway = await namedGateway(options);
  const explanation = await readExplanation(gateway, query, options);
  if (output === "json") process.stdout.write(`${JSON.stringify(explanation, undefined, 2)}\n`);
  else {
    const { describeExplanation } = await import("./describe-explanation.ts");
    process.stdout.write(describeExplanation(explanation));
  }
}

/** @throws PromfleetError GATEWAY_SILENT, BAD_PARAMETER */
async function readExplanation(
  { url: base, trust }: NamedGateway,
  query: string,
  options: Options,
): Promise<Explanation> {
  const { httpGet } = await import("../servers/http-get.ts");
  const { time, start, end, step, analyze } = options;
  const now = Date.now() / 1000;
  const times =
    step === undefined
      ? { ...(time !== undefined && { time }) }
      : { start: start ?? String(now - hour), end: end ?? String(now), step };
  const form = new URLSearchParams({ query, ...times, ...(analyze && { analyze: "true" }) });
  const url = `${base}/api/v1/explain?${form.toString()}`;
  const failed = (why: string) =>
    new PromfleetError({
      code: "GATEWAY_SILENT",
      message: `the gateway at ${base} does not explain the query: ${why}`,
    });
  const answer = await httpGet(url, patience, undefined, { trust }).catch((error: unknown) => {
    throw failed(error instanceof Error ? error.message : String(error));
  });
  if (answer.status === 200) return (JSON.parse(answer.body) as { data: Explanation }).data;
  const said = errorOf(answer.body);
  if (answer.status === 400 && said !== undefined)
    throw new PromfleetError({ code: "BAD_PARAMETER", message: said });
  throw failed(said ?? `status ${answer.status}`);
}

/** What an answer of the API says is wrong. */
function errorOf(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as { error?: string };
    return error;
  } catch {
    return undefined;
  }
}
