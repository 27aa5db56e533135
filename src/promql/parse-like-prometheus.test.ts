import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Expression } from "./expression.ts";
import { parse } from "./parse.ts";

// Prometheus tells how it understood an expression: /api/v1/parse_query. Both trees are written down alike and compared.

/** A node of Prometheus' answer. */
interface Theirs {
  type: string;
  [key: string]: unknown;
}

function theirs(node: Theirs): string {
  const child = (key: string) => theirs(node[key] as Theirs);
  const modifiers = `offset ${String(node["offset"])} @ ${(node["startOrEnd"] ?? node["timestamp"] ?? "") as string | number}`;
  const matchers = () =>
    (node["matchers"] as { name: string; type: string; value: string }[])
      .map((matcher) => matcher.name + matcher.type + matcher.value)
      .toSorted((a, b) => (a < b ? -1 : 1))
      .join();
  switch (node.type) {
    case "numberLiteral":
      return String(seconds(String(node["val"])));
    case "stringLiteral":
      return JSON.stringify(node["val"]);
    case "parenExpr":
      return `(${child("expr")})`;
    case "unaryExpr":
      return `${String(node["op"])}[${child("expr")}]`;
    case "vectorSelector":
      return `{${matchers()}} ${modifiers}`;
    case "matrixSelector":
      return `{${matchers()}}[${String(node["range"])}] ${modifiers}`;
    case "subquery":
      return `${child("expr")}[${String(node["range"])}:${String(node["step"])}] ${modifiers}`;
    case "call":
      return `${(node["func"] as { name: string }).name}(${(node["args"] as Theirs[]).map(theirs).join()})`;
    case "aggregation": {
      const mode = node["without"] === true ? "without" : "by";
      const param = node["param"] ? child("param") : "";
      return `${String(node["op"])} ${mode}(${String(node["grouping"])})[${param}](${child("expr")})`;
    }
    case "binaryExpr": {
      const matching = node["matching"] as {
        card: string;
        labels: string[];
        on: boolean;
        include: string[];
      } | null;
      const group = { "many-to-one": "left", "one-to-many": "right" }[matching?.card ?? ""] ?? "";
      const how = matching
        ? `${matching.on ? "on" : "ignoring"}(${matching.labels.join()}) ${group}(${matching.include.join()})`
        : "ignoring() ()";
      return `<${child("lhs")} ${String(node["op"])} ${String(node["bool"])} ${how} ${child("rhs")}>`;
    }
    default:
      throw new Error(`unknown node ${node.type}`);
  }
}

function ours(node: Expression): string {
  const at = "at" in node && node.at !== undefined ? node.at : "";
  const instant =
    at.endsWith("()") || at === "" ? at.replace("()", "") : String(Math.round(seconds(at) * 1000));
  const offset = "offset" in node ? ms(node.offset ?? "0") : 0;
  const modifiers = `offset ${offset} @ ${instant}`;
  switch (node.kind) {
    case "number":
      return String(seconds(node.text));
    case "string":
      return JSON.stringify(node.value);
    case "vector": {
      const matchers = node.matchers.map((matcher) => matcher.name + matcher.op + matcher.value);
      if (node.metric !== undefined) matchers.push(`__name__=${node.metric}`);
      return `{${matchers.toSorted((a, b) => (a < b ? -1 : 1)).join()}} ${modifiers}`;
    }
    case "matrix":
      return `${ours(node.selector).replace(" offset 0 @ ", "")}[${ms(node.range)}] ${modifiers}`;
    case "subquery":
      return `${ours(node.expression)}[${ms(node.range)}:${ms(node.step ?? "0")}] ${modifiers}`;
    case "call":
      return `${node.func}(${node.args.map(ours).join()})`;
    case "aggregation": {
      const param = node.param ? ours(node.param) : "";
      return `${node.op} ${node.grouping.mode}(${node.grouping.labels.join()})[${param}](${ours(node.expression)})`;
    }
    case "binary": {
      const { mode, labels, group, include } = node.matching ?? {
        mode: "ignoring",
        labels: [],
        group: "",
        include: [],
      };
      const how = `${mode}(${labels.join()}) ${group ?? ""}(${include.join()})`;
      return `<${ours(node.left)} ${node.op} ${node.bool} ${how} ${ours(node.right)}>`;
    }
    case "unary": {
      const inner = ours(node.expression);
      // Prometheus folds several signs of a number into one; we keep all but one
      if (node.expression.kind !== "number" && !/^-?[\d.e+]+$|^-?Infinity$/.test(inner))
        return `${node.op}[${inner}]`;
      return String(node.op === "-" ? -Number(inner) : Number(inner));
    }
    case "parens":
  }
  return `(${ours(node.expression)})`;
}

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 36e5,
  d: 864e5,
  w: 6048e5,
  y: 31_536e6,
};

/** A duration, or seconds. */
function ms(text: string): number {
  const units = [...text.matchAll(/(\d+)(ms|[smhdwy])/g)];
  if (units.length === 0) return Number(text) * 1000;
  const sum = units.reduce(
    (total, [, count, unit]) => total + Number(count) * (unitMs[unit ?? ""] ?? Number.NaN),
    0,
  );
  return text.startsWith("-") ? -sum : sum;
}

function seconds(text: string): number {
  if (/^[+-]?inf$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  if (/^[+-]?nan$/i.test(text)) return Number.NaN;
  if (/^[+-]?0x/i.test(text))
    return text.startsWith("-") ? -Number(text.slice(1)) : Number(text.replace("+", ""));
  return /^[+-]?\d+(?:ms|[smhdwy])/.test(text) ? ms(text) / 1000 : Number(text);
}

/** Chains of operators, signs and modifiers, with few parentheses: what binds how is the question. */
const chains = fc.letrec<{ operand: string; vector: string }>((tie) => ({
  operand: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(
      "a",
      "b{}",
      'c{x="y"}',
      "sum",
      "1",
      "2.5",
      "1h",
      "inf",
      "a offset 5m",
      "b @ end()",
      "a @ 1 offset -1m",
    ),
    fc.tuple(fc.constantFrom("-", "+"), tie("operand")).map(([sign, operand]) => `${sign}${operand}`),
    tie("vector").map((inner) => `(${inner})`),
    tie("vector").map((inner) => `sum by (x) (${inner})`),
    tie("vector").map((inner) => `max_over_time((${inner})[1h:1m] offset 1m)`),
    fc.constantFrom(
      "rate(a[5m])",
      "max_over_time(a[1h:5m])",
      "max_over_time(-a[1h:5m])",
      "avg_over_time(b{x!~`y`}[1d] @ 5)",
    ),
  ),
  vector: fc
    .tuple(
      tie("operand"),
      fc.array(
        fc.tuple(
          fc.constantFrom(
            "+",
            "-",
            "*",
            "/",
            "%",
            "^",
            "atan2",
            "==",
            "!=",
            ">",
            "<=",
            "> bool",
            "and",
            "or",
            "unless",
          ),
          fc.constantFrom("", "", "", "on (x)", "ignoring ()"),
          tie("operand"),
        ),
        { maxLength: 4 },
      ),
    )
    .map(([first, others]) => [first, ...others.map((parts) => parts.join(" "))].join(" ")),
})).vector;

const cache = process.env["PROMFLEET_CACHE"] ?? path.join(homedir(), ".cache", "promfleet");
const program = path.join(cache, "programs", "prometheus-3.16.0", "prometheus");
const there = existsSync(program);
let child: ChildProcess | undefined;
let folder = "";
let url = "";

beforeAll(async () => {
  if (!there) return;
  folder = await mkdtemp(path.join(tmpdir(), "promfleet-parse-"));
  const config = path.join(folder, "prometheus.yml");
  await writeFile(config, "global: {}\n");
  const flags = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${folder}/data`,
    "--web.listen-address=127.0.0.1:0",
  ];
  const started = spawn(program, flags, { stdio: ["ignore", "ignore", "pipe"] });
  child = started;
  for await (const line of createInterface({ input: started.stderr })) {
    url = /Listening on.* address=(\S+)/.exec(line)?.[1] ?? url;
    if (line.includes("Server is ready")) break;
  }
  started.stderr.resume();
});
afterAll(async () => {
  child?.kill("SIGKILL");
  if (there) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** Undefined where Prometheus refuses the query. */
async function theirTree(query: string): Promise<string | undefined> {
  const body = new URLSearchParams({ query });
  const response = await fetch(`http://${url}/api/v1/parse_query`, { method: "POST", body });
  const answer = (await response.json()) as { status: string; data: Theirs };
  return answer.status === "success" ? theirs(answer.data) : undefined;
}

it.skipIf(!there)("understands the conformance queries as Prometheus does", async () => {
  const file = new URL("../../e2e/conformance/promql-queries.jsonl", import.meta.url);
  const queries = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { query: string }).query);
  let same = 0;
  for (const query of queries) {
    const tree = await theirTree(query);
    const expression = parse(query);
    if (tree === undefined || !expression) continue;
    expect(ours(expression)).toBe(tree);
    same++;
  }
  expect(same).toBeGreaterThan(500);
});

it.skipIf(!there)("binds operators, signs and modifiers as Prometheus does", async () => {
  let same = 0;
  await fc.assert(
    fc.asyncProperty(chains, async (query) => {
      const tree = await theirTree(query);
      if (tree === undefined) return;
      const expression = parse(query);
      expect(expression && ours(expression)).toBe(tree);
      same++;
    }),
    { numRuns: 2000 },
  );
  expect(same).toBeGreaterThan(300);
});
