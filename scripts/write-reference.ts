/**
 * Writes the documents that are made from the sources: docs/errors.md, docs/reference, dashboards, the
 * definition of PrometheusFleet and the Dockerfile. With --check it writes nothing, and
 * fails if one of them is not what it would write.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fleetSchema } from "../src/spec/fleet-schema.ts";
import { yamlText } from "../src/spec/yaml-text.ts";
import { fleetCrd } from "../src/render/kubernetes/crd/fleet-crd.ts";
import { fleetSchemaUrl } from "../src/spec/default-fleet.ts";
import { gatewayDashboard } from "../src/render/monitoring/gateway-dashboard.ts";
import { operatorRules } from "../src/render/monitoring/operator-rules.ts";
import { gatewayRules } from "../src/render/monitoring/gateway-rules.ts";
import { topologySchema } from "../src/topology/topology-schema.ts";
import { cliPage } from "./reference/cli-page.ts";
import { crdPage } from "./reference/crd-page.ts";
import { dockerfile, dockerignore } from "./reference/dockerfile.ts";
import { errorPage } from "./reference/error-page.ts";
import { fleetPage } from "./reference/fleet-page.ts";
import { jsonSchema } from "./reference/json-schema.ts";
import { topologyPage } from "./reference/topology-page.ts";

const root = path.resolve(import.meta.dirname, "..");

/** The version that the tests run. */
const programs = await readFile(path.join(root, "scripts/build-programs.sh"), "utf8");
const prometheus = /^PROMETHEUS=([\d.]+) /m.exec(programs)?.[1] ?? "";

const documents: Readonly<Record<string, string>> = {
  ".dockerignore": dockerignore(),
  Dockerfile: dockerfile(prometheus),
  "charts/promfleet/crds/prometheusfleets.yaml": yamlText(fleetCrd()),
  "dashboards/promfleet-gateway.json": gatewayDashboard(),
  "dashboards/promfleet-gateway.rules.yaml": gatewayRules(),
  "dashboards/promfleet-operator.rules.yaml": operatorRules(),
  "docs/errors.md": errorPage(),
  "docs/reference/cli.md": await cliPage(),
  "docs/reference/fleet.md": fleetPage(),
  "docs/reference/fleet.schema.json": jsonSchema(fleetSchema, "fleet.yaml", fleetSchemaUrl),
  "docs/reference/prometheusfleet.md": crdPage(),
  "docs/reference/topology.md": topologyPage(),
  "docs/reference/topology.schema.json": jsonSchema(
    topologySchema,
    "topology.json",
    fleetSchemaUrl.replace("fleet.", "topology."),
  ),
};

if (process.argv.includes("--check")) {
  let stale = 0;
  for (const [file, content] of Object.entries(documents)) {
    const there = await readFile(path.join(root, file), "utf8").catch(() => undefined);
    if (there === content) continue;
    stale++;
    console.error(`reference: ${file} is not what the sources say; run \`make format\``);
  }
  console.log(`reference: ${Object.keys(documents).length} documents, ${stale} stale`);
  process.exitCode = stale === 0 ? 0 : 1;
} else {
  for (const [file, content] of Object.entries(documents)) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), content);
  }
}
