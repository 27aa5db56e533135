import type { VectorSelector } from "../../src/promql/expression.ts";
import { parse } from "../../src/promql/parse.ts";
import { metricName } from "../../src/promql/per-series.ts";
import { selectors } from "../../src/promql/selectors.ts";
import type { WrittenSeries } from "../harness/remote-write.ts";

type Labels = Readonly<Record<string, string>>;

/** Where series of some metrics come from. */
interface Source {
  /** Which ones, for selectors that name no job. */
  metrics: RegExp;
  /** Labels of one series of each target, and of each thing that it tells something of. */
  series: readonly Labels[];
}

/** Last numbers of addresses. */
const nodes = [7, 8, 9];
const apiServers = [1, 2];
const pods = [
  { node: 7, pod: "cart-7d9f8c6b5d-x2x7k", workload: "cart" },
  { node: 8, pod: "checkout-5c8d9f7b6-q8w2n", workload: "checkout" },
];
const containers = pods.map(({ node, pod }) => ({
  namespace: "shop",
  pod,
  container: "app",
  image: "app:1",
  node: `worker-${node}`,
}));

/** A small cluster. A name's source is the first one that has it; what rules have recorded has no target. */
const sources: readonly Source[] = [
  {
    metrics: /^namespace_workload_pod:/,
    series: pods.map(({ pod, workload }) => ({
      namespace: "shop",
      pod,
      workload,
      workload_type: "deployment",
    })),
  },
  {
    metrics: /^(node|process|instance|instance_device)[_:](?!namespace)/,
    series: nodes.map((node) => ({
      job: "node",
      instance: `10.0.3.${node}:9100`,
      cpu: "0",
      mode: "user",
      device: "sda",
      mountpoint: "/",
      fstype: "ext4",
      chip: "cpu",
    })),
  },
  { metrics: /:/, series: containers.map((labels) => ({ ...labels, resource: "pods", verb: "read" })) },
  { metrics: /^(container|machine)_/, series: ofKubelets("cadvisor") },
  {
    metrics: /^kube_/,
    series: containers.map((labels) => ({
      ...labels,
      job: "kube-state-metrics",
      instance: "10.0.4.12:8080",
      host_network: "false",
      qos_class: "Burstable",
    })),
  },
  { metrics: /^kubelet_/, series: ofKubelets("kubelet") },
  {
    metrics: /^(apiserver|workqueue)_/,
    series: apiServers.map((at) => ({
      job: "kube-apiserver",
      instance: `10.0.3.${at}:6443`,
      name: "queue",
      le: "1",
    })),
  },
];

/**
 * A cluster's series for all that queries read, and `up` of its targets: a gateway knows from that where an instance is.
 * @param times ms since 1970
 * @returns those that rules have recorded apart: they have no instance
 */
export function clusterSamples(
  queries: readonly string[],
  times: readonly number[],
): { ofTargets: WrittenSeries[]; recorded: WrittenSeries[] } {
  const ups = sources
    .flatMap(({ series }) => series)
    .flatMap(({ job, instance }) => (job && instance ? [{ __name__: "up", job, instance }] : []));
  const read = queries.flatMap((query) => {
    const expression = parse(query);
    return expression ? selectors(expression).flatMap(seriesOf) : [];
  });
  const different = new Map<string, Labels>([...ups, ...read].map((labels) => [keyOf(labels), labels]));
  const written = [...different.values()].map((labels, at) => ({
    labels,
    samples: times.map(
      (time, index) => [time, String(labels["__name__"] === "up" ? 1 : at + index)] as const,
    ),
  }));
  return {
    ofTargets: written.filter(({ labels }) => "instance" in labels),
    recorded: written.filter(({ labels }) => !("instance" in labels)),
  };
}

function ofKubelets(job: string): Labels[] {
  return containers.map((labels, at) => ({
    ...labels,
    job,
    instance: `10.0.3.${nodes[at]}:10250`,
    device: "sda",
  }));
}

/** Series that a selector finds, with the labels that it wants: but only of targets, nodes and pods that there are. */
function seriesOf(selector: VectorSelector): Labels[] {
  const name = metricName(selector) ?? "";
  const wanted: Labels = Object.fromEntries(
    selector.matchers.flatMap(({ name: label, op, value }) => (op === "=" ? [[label, value]] : [])),
  );
  const { job } = wanted;
  const source =
    sources.find(({ series }) => job !== undefined && series.some((labels) => labels["job"] === job)) ??
    sources.find(({ metrics }) => metrics.test(name));
  const identity = ["job", "instance", "namespace", "pod", "node"];
  const isThere = (labels: Labels) =>
    identity.every((label) => wanted[label] === undefined || wanted[label] === labels[label]);
  return (source?.series ?? []).filter(isThere).map((labels) => ({ ...labels, ...wanted, __name__: name }));
}

function keyOf(labels: Labels): string {
  return Object.entries(labels)
    .map((entry) => JSON.stringify(entry))
    .toSorted()
    .join();
}
