import type { Check } from "../harness/check.ts";
import { availability } from "./availability.ts";
import { chaos } from "./chaos.ts";
import { chart } from "./chart.ts";
import { conformance } from "./conformance.ts";
import { crd } from "./crd.ts";
import { explain } from "./explain.ts";
import { gatewayPair } from "./gateway-pair.ts";
import { hostile } from "./hostile.ts";
import { histories } from "./histories.ts";
import { freshClone } from "./fresh-clone.ts";
import { healing } from "./healing.ts";
import { image } from "./image.ts";
import { importConfigs } from "./import.ts";
import { kubernetesClient } from "./kubernetes-client.ts";
import { lostShard } from "./lost-shard.ts";
import { memory } from "./memory.ts";
import { operator } from "./operator.ts";
import { operatorScale } from "./operator-scale.ts";
import { overload } from "./overload.ts";
import { randomQueries } from "./random-queries.ts";
import { reads } from "./reads.ts";
import { returning } from "./returning.ts";
import { takeover } from "./takeover.ts";
import { tenancy } from "./tenancy.ts";
import { tls } from "./tls.ts";
import { testbed } from "./testbed.ts";
import { tracing } from "./tracing.ts";
import { ways } from "./ways.ts";
import { wrongInputs } from "./wrong-inputs.ts";

/** Every check, quick and telling ones first. */
export const checks: readonly Check[] = [
  conformance,
  ways,
  explain,
  randomQueries,
  histories,
  reads,
  wrongInputs,
  tenancy,
  tls,
  hostile,
  tracing,
  importConfigs,
  takeover,
  availability,
  lostShard,
  chaos,
  gatewayPair,
  healing,
  returning,
  memory,
  overload,
  kubernetesClient,
  crd,
  chart,
  image,
  testbed,
  operator,
  operatorScale,
  freshClone,
];
