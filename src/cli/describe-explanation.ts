import type { ExplainedNode, Explanation } from "../gateway/explain/explanation.ts";

const byWhom: Readonly<Record<ExplainedNode["by"], string>> = {
  shards: "shards",
  gateway: "gateway",
  evaluator: "evaluator",
};

/** For people; ends with a line feed. */
export function describeExplanation(explanation: Explanation): string {
  const { way, why, tree, shards, asked, evaluator, analysis } = explanation;
  const lines = [`${way}: ${why}`];
  if (tree) lines.push("", ...treeLines(tree));
  lines.push("", "servers, the one that is asked first at the beginning:");
  for (const { id, servers } of shards) lines.push(`  shard ${id}  ${servers.join(", ")}`);
  for (const { query, puttingTogether } of asked)
    lines.push("", "each shard is asked:", `  ${query}`, `put together: ${puttingTogether}`);
  if (evaluator !== null) lines.push("", "the evaluator is asked:", `  ${evaluator}`);
  if (analysis) {
    const { ways, status, seconds, bytes, requests } = analysis;
    lines.push(
      "",
      `answered with ${status} and ${bytes} bytes in ${ms(seconds)}, by ${ways.join(", then ")}`,
    );
    for (const request of requests)
      lines.push(
        `  shard ${request.shard}  ${request.server}  ${request.status}  ${ms(request.seconds)}  ${request.query}`,
      );
  }
  return `${lines.join("\n")}\n`;
}

function treeLines(tree: ExplainedNode): string[] {
  const rows: { text: string; by: string }[] = [];
  const visit = (node: ExplainedNode, depth: number): void => {
    rows.push({ text: `${"  ".repeat(depth)}${node.text}`, by: byWhom[node.by] });
    for (const part of node.parts) visit(part, depth + 1);
  };
  visit(tree, 1);
  const width = Math.min(100, Math.max(...rows.map(({ text }) => text.length)));
  return rows.map(({ text, by }) => `${text.padEnd(width)}  ${by}`);
}

const ms = (seconds: number): string => `${Math.round(seconds * 1000)} ms`;
