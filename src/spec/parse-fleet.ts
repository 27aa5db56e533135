import { type Complaint, PromfleetError, type Position } from "../errors/promfleet-error.ts";
import { readDocument } from "./document.ts";
import type { InputDocument, ValuePath } from "./input-document.ts";
import { fleetSchema, notBuilt } from "./fleet-schema.ts";
import type { FleetSpec } from "./fleet-spec.ts";
import { fleetSpec } from "./fleet-spec-from.ts";
import { jobFindings, verbatimFindings } from "./job-findings.ts";
import { stringFindings } from "./prometheus-strings.ts";
import { ruleFindings } from "./rule-findings.ts";
import { type Finding, schemaFindings, withoutEmptyKeys } from "./schema-complaints.ts";
import { serverFindings } from "./server-findings.ts";
import { tenantFindings } from "./tenant-findings.ts";
import { tlsFindings } from "./tls-findings.ts";
import { isMap } from "./shown-value.ts";

export interface ParsedFleet {
  spec: FleetSpec;
  /** Where a value stands in the file, by its way from the root: ["spec", "rules", 0, "name"]. undefined where it is left out. */
  positionOf: (path: ValuePath) => Position | undefined;
}

/**
 * Reads and checks a fleet.yaml. What Prometheus itself would refuse is not found here, expressions not even looked at.
 * @param file how complaints name it
 * @throws PromfleetError with everything that is wrong, in the order of the text
 */
export function parseFleet(text: string, file: string): ParsedFleet {
  const document = readDocument(text, file);
  const value = withoutEmptyKeys(fleetSchema, document.value);
  const parsed = fleetSchema.safeParse(value);
  const spec: unknown = isMap(value) ? value["spec"] : undefined;
  const issues = parsed.success ? [] : parsed.error.issues;
  const findings = [
    ...schemaFindings(fleetSchema, value, issues, words, document.plainSourceOf),
    ...verbatimSections(spec).flatMap(([section, path]) => [
      ...stringFindings(section, path, document.plainSourceOf),
      ...verbatimFindings(section, path),
    ]),
    ...jobFindings(spec),
    ...ruleFindings(spec),
    ...serverFindings(spec),
    ...tenantFindings(isMap(spec) ? spec["gateway"] : undefined, ["spec", "gateway"], tenantCodes),
    ...tlsFindings(isMap(spec) ? spec["gateway"] : undefined, ["spec", "gateway"], tenantCodes.invalid),
  ];
  const complaints = [...document.complaints, ...inOrder(findings, document)];
  const [first, ...more] = complaints.toSorted(byPlace);
  if (first) throw new PromfleetError([first, ...more]);
  if (!parsed.success) throw parsed.error;
  return { spec: fleetSpec(parsed.data), positionOf: document.positionOf };
}

const tenantCodes = { invalid: "SPEC_INVALID", duplicate: "SPEC_DUPLICATE" } as const;

const words = {
  unknownKey: "SPEC_UNKNOWN_KEY",
  missing: "SPEC_MISSING_KEY",
  invalid: "SPEC_INVALID",
  notAString: "SPEC_NOT_A_STRING",
  notBuilt,
} as const;

/** The parts of a spec that are Prometheus' own. */
function verbatimSections(spec: unknown): [section: unknown, path: ValuePath][] {
  if (!isMap(spec)) return [];
  const within = (section: string, key: string): [unknown, ValuePath] => {
    const map = spec[section];
    return [isMap(map) ? map[key] : undefined, ["spec", section, key]];
  };
  return [
    [spec["scrapeConfigs"], ["spec", "scrapeConfigs"]],
    [spec["rules"], ["spec", "rules"]],
    [spec["alerting"], ["spec", "alerting"]],
    within("longTerm", "remoteWrite"),
    within("prometheus", "global"),
    within("prometheus", "externalLabels"),
  ];
}

/** Findings with their positions; of several about one place the first. */
export function inOrder(findings: readonly Finding[], document: InputDocument): Complaint[] {
  const seen = new Set<string>();
  return findings
    .filter(({ path, atKey, code, message }) => {
      // several keys may be missing from one map
      const place = JSON.stringify([path, atKey ?? false, code === words.missing ? message : ""]);
      return !seen.has(place) && seen.add(place);
    })
    .map(({ path, atKey, ...complaint }) => ({
      ...complaint,
      at: placeOf(path, atKey ?? false, document),
    }));
}

function placeOf(path: ValuePath, atKey: boolean, document: InputDocument): Position {
  for (let length = path.length; length > 0; length--) {
    const way = path.slice(0, length);
    const position = atKey ? document.keyPositionOf(way) : document.positionOf(way);
    if (position) return position;
  }
  return { file: document.file, line: 1, column: 1 };
}

export function byPlace(one: Complaint, other: Complaint): number {
  const [a, b] = [one.at, other.at];
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);
}
