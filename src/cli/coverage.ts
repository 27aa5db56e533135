import { Command, InvalidArgumentError, Option } from "commander";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { parseDuration } from "../promql/duration.ts";
import type { CoverageDocument } from "../gateway/coverage/coverage-answer.ts";
import { type GatewayOption, type NamedGateway, namedGateway, withGateway } from "./named-gateway.ts";
import { withState } from "./state-option.ts";

interface Options extends GatewayOption {
  /** ms */
  since: number;
  output: "text" | "json";
}

const day = 24 * 3600e3;

export function command(): Command {
  return withGateway(withState(new Command("coverage")))
    .description("show which server has really scraped when, and what one has missed that its partner has")
    .addOption(
      new Option("--since <duration>", "how far back")
        .argParser((text: string) => {
          const ms = parseDuration(text);
          if (ms === undefined || ms === 0)
            throw new InvalidArgumentError("expected a duration such as 6h or 1d.");
          return ms;
        })
        .default(day, "1d"),
    )
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json"]).default("text"))
    .addHelpText("after", help)
    .action(run);
}

const help = `
█ everything was scraped   ▒ some targets were not   · none was   ? not known yet   (blank) older than its oldest sample
What nobody has scraped is no gap. A query reads each part from a server that has it.

Not known are rule outputs and samples that were pushed, federated, or have timestamps of their own: up does not show them.

Examples:
  $ promfleet coverage
  $ promfleet coverage --since 6h
  $ promfleet coverage --gateway http://127.0.0.1:9390 -o json | jq '.shards[].replicas[].gaps'
`;

/** ms */
const patience = 10_000;

async function run({ since, output, ...options }: Options): Promise<void> {
  const gateway = await namedGateway(options);
  const now = Date.now();
  const document = await readCoverage(gateway, (now - since) / 1000);
  if (output === "json") process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
  else {
    const { describeCoverage } = await import("./describe-coverage.ts");
    process.stdout.write(
      describeCoverage(document, (now - since) / 1000, now / 1000, process.stdout.columns ?? 100),
    );
  }
}

async function readCoverage({ url: base, trust }: NamedGateway, start: number): Promise<CoverageDocument> {
  const { httpGet } = await import("../servers/http-get.ts");
  const url = `${base}/api/v1/coverage?start=${start}`;
  const failed = (why: string) =>
    new PromfleetError({
      code: "GATEWAY_SILENT",
      message: `the gateway at ${base} does not tell its coverage: ${why}`,
    });
  const answer = await httpGet(url, patience, undefined, { trust }).catch((error: unknown) => {
    throw failed(error instanceof Error ? error.message : String(error));
  });
  if (answer.status !== 200) throw failed(`status ${answer.status}`);
  return (JSON.parse(answer.body) as { data: CoverageDocument }).data;
}
