import type {
  Aggregation,
  Binary,
  Call,
  Expression,
  Grouping,
  Matching,
  VectorSelector,
} from "../promql/expression.ts";
import { perHistogramFunctions, perSeriesFunctions, sortingFunctions } from "../promql/functions.ts";
import { isWhole, type Locality } from "./locality.ts";

/** The locality of what a selector reads. */
export type SelectorLocality = (selector: VectorSelector) => Locality;

/**
 * How the value of an expression is spread over the shards. Whatever is not known to be right on one shard's data alone is
 * "all", with the part of the expression that made it so.
 */
export function expressionLocality(expression: Expression, ofSelector: SelectorLocality): Locality {
  const visit = (part: Expression): Locality => {
    const locality = visitPart(part);
    return locality.spread === "all" && !locality.part ? { ...locality, part: part.span } : locality;
  };
  const visitPart = (part: Expression): Locality => {
    switch (part.kind) {
      case "number":
      case "string":
        return { spread: "everywhere" };
      case "vector":
        return ofSelector(part);
      case "matrix":
        return visit(part.selector);
      case "call":
        return callLocality(part, part.args.map(visit));
      case "aggregation":
        return aggregationLocality(part, part.param && visit(part.param), visit(part.expression));
      case "binary":
        return binaryLocality(part, visit(part.left), visit(part.right));
      case "subquery":
      case "unary":
      case "parens":
    }
    return visit(part.expression);
  };
  return visit(expression);
}

function all(why: string): Locality {
  return { spread: "all", why };
}

/** Of several inputs that are used together: spread out may be one of them, and only together with constants. */
function together(inputs: readonly Locality[]): Locality {
  const worst = inputs.find((input) => input.spread === "all");
  if (worst) return worst;
  const [only, ...more] = inputs.filter((input) => input.spread !== "everywhere");
  if (!only) return { spread: "everywhere" };
  return more.every((input) => input.spread === "first" && only.spread === "first")
    ? only
    : all("it combines parts that are not on the same shard");
}

function callLocality(call: Call, args: readonly Locality[]): Locality {
  const inputs = together(args);
  if (inputs.spread === "all") return inputs;
  if (call.func === "info") return all("info() joins with series that it finds by itself");
  if (isWhole(inputs)) return inputs;
  switch (call.func) {
    case "scalar":
      return all("scalar() asks for the only series there is, and the series are spread over the shards");
    case "absent":
    case "absent_over_time":
      return all(`${call.func}() asks whether no shard has such series`);
    case "label_replace":
    case "label_join": {
      const destination = call.args[1];
      const kept = destination?.kind === "string" && destination.value !== "instance";
      return kept
        ? inputs
        : all(`${call.func}() changes instance, by which targets are spread over the shards`);
    }
    default:
  }
  if (perSeriesFunctions.has(call.func) || sortingFunctions.has(call.func)) return inputs;
  if (!perHistogramFunctions.has(call.func))
    return all(`${call.func}() is not known to work on each series alone`);
  return inputs.spread === "byInstance"
    ? inputs
    : all(`${call.func}() puts buckets together that may be on different shards${because(inputs)}`);
}

function aggregationLocality(node: Aggregation, param: Locality | undefined, input: Locality): Locality {
  const inputs = together(param ? [param, input] : [input]);
  if (inputs.spread === "all" || isWhole(inputs)) return inputs;
  const overwrites =
    node.op === "count_values" && node.param?.kind === "string" && node.param.value === "instance";
  if (!keepsInstance(node.grouping) || overwrites)
    return all(`${node.op} puts series of different instances together, and these are on different shards`);
  return inputs.spread === "byInstance"
    ? inputs
    : all(`${node.op} puts series together that may be on different shards${because(inputs)}`);
}

function because(locality: Locality): string {
  return locality.why === undefined ? "" : ` (${locality.why})`;
}

function keepsInstance(grouping: Grouping | Matching): boolean {
  const named = grouping.labels.includes("instance");
  return grouping.mode === "by" || grouping.mode === "on" ? named : !named;
}

/** Whether an expression is a scalar rather than a vector. */
function isScalar(expression: Expression): boolean {
  if (expression.kind === "number") return true;
  if (expression.kind === "parens" || expression.kind === "unary") return isScalar(expression.expression);
  if (expression.kind === "binary") return isScalar(expression.left) && isScalar(expression.right);
  return expression.kind === "call" && ["scalar", "time", "pi"].includes(expression.func);
}

function binaryLocality(node: Binary, left: Locality, right: Locality): Locality {
  if (left.spread === "all") return left;
  if (right.spread === "all") return right;
  if (isWhole(left) && isWhole(right)) return left.spread === "first" ? left : right;
  if (left.spread === "first" || right.spread === "first")
    return all(`${node.op} needs what only the first shard has and what is spread over the shards`);
  if (isScalar(node.left)) return right;
  if (isScalar(node.right)) return left;
  for (const side of [left, right])
    if (side.spread === "mixed")
      return all(`the sides of ${node.op} are not on the same shard${because(side)}`);
  if (node.matching?.include.includes("instance"))
    return all(`${node.op} takes instance over from the other side`);
  const matched = node.matching === undefined || keepsInstance(node.matching);
  return node.op === "and" || node.op === "or" || node.op === "unless"
    ? setLocality(node.op, matched, left, right)
    : arithmeticLocality(node, matched, left, right);
}

const apart = "series are matched without instance, and these may be on different shards";

function setLocality(
  op: "and" | "or" | "unless",
  matched: boolean,
  left: Locality,
  right: Locality,
): Locality {
  // what is kept of a side that is spread out can be told where the other side is whole
  if (op !== "or" && right.spread === "everywhere") return left;
  if (!matched) return all(`in ${op} ${apart}`);
  if (op === "and" && left.spread === "everywhere" && right.spread === "byInstance") return right;
  if (left.spread === "everywhere" || right.spread === "everywhere")
    return all(`${op} would repeat on every shard what every shard has`);
  return bothByInstance(op, left, right);
}

function arithmeticLocality(node: Binary, matched: boolean, left: Locality, right: Locality): Locality {
  const group = node.matching?.group;
  // many series of one shard each, and for each of them a partner that every shard has
  if (group === "left" && right.spread === "everywhere") return left;
  if (group === "right" && left.spread === "everywhere") return right;
  if (!matched) return all(`in ${node.op} ${apart}`);
  if (left.spread === "everywhere" && right.spread === "byInstance") return right;
  if (right.spread === "everywhere" && left.spread === "byInstance") return left;
  return bothByInstance(node.op, left, right);
}

function bothByInstance(op: string, left: Locality, right: Locality): Locality {
  if (left.spread === "byInstance" && right.spread === "byInstance") return left;
  const unsure = left.spread === "byInstance" ? right : left;
  return all(`the sides of ${op} may be on different shards${because(unsure)}`);
}
