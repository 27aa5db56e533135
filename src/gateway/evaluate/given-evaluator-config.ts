import { z } from "zod";

const configuration = z.object({
  global: z.object({ external_labels: z.record(z.string(), z.unknown()).nullish() }).nullish(),
  remote_read: z
    .array(
      z.object({
        url: z.string(),
        read_recent: z.boolean().nullish(),
        required_matchers: z.unknown().nullish(),
      }),
    )
    .nullish(),
  scrape_configs: z.array(z.unknown()).nullish(),
  rule_files: z.array(z.unknown()).nullish(),
});

/**
 * Why a Prometheus with this configuration, as it prints it itself, can not evaluate for the gateway; undefined where it can. What it
 * has or reads beside what the gateway gives it would come into every answer; what it does not ask for would be missing.
 * @param readUrl that its remote_read has to name
 */
export async function refuseEvaluator(yaml: string, readUrl: string): Promise<string | undefined> {
  const { parse } = await import("yaml");
  const read = configuration.safeParse(parse(yaml));
  if (!read.success) return "its configuration is not one that Prometheus prints";
  const { global, remote_read: reads = [], scrape_configs: scraped, rule_files: rules } = read.data;
  const own = reads?.find(({ url }) => url === readUrl);
  if (!own) return `it does not read from ${readUrl}`;
  if ((reads?.length ?? 0) > 1) return "it reads from somewhere else as well";
  if (own.read_recent !== true)
    return "its remote_read lacks read_recent: true, so it would not ask for recent data";
  if (own.required_matchers)
    return "its remote_read has required_matchers, so it would not ask for everything";
  if (scraped?.length) return "it scrapes targets of its own";
  if (rules?.length) return "it has rules of its own";
  if (Object.keys(global?.external_labels ?? {}).length > 0) return "it has external labels";
  return undefined;
}
