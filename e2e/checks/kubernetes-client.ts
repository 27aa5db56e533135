import { readFileSync } from "node:fs";
import { ApiClient } from "../../src/kubernetes/api-client.ts";
import { type LiveObject, type ObjectRef, textAt } from "../../src/kubernetes/api-object.ts";
import { ApiRefusal } from "../../src/kubernetes/api-refusal.ts";
import { clusterAccess } from "../../src/kubernetes/kubeconfig.ts";
import { kinds } from "../../src/kubernetes/resource-kinds.ts";
import { WatchedObjects } from "../../src/kubernetes/watched-objects.ts";
import { ApiServer } from "../harness/api-server.ts";
import type { Check, CheckContext } from "../harness/check.ts";
import { start, type Started } from "../harness/processes.ts";
import { promfleetProgram } from "../harness/promfleet.ts";
import { until } from "../harness/until.ts";
import { Workplace } from "../harness/workplace.ts";

/** More than two pages. */
const many = 1100;

export const kubernetesClient: Check = {
  name: "kubernetes-client",
  claim:
    "the client of the API server reads all pages, watches from there on, leaves to others what is theirs, and of several operators one leads",
  bothVersions: false,
  soakOnly: false,
  run,
};

async function run({ report }: CheckContext): Promise<void> {
  await using place = new Workplace("kubernetes-client");
  await using server = await ApiServer.start(place.path("api-server"));
  await server.kubectl(["create", "namespace", "work"]);
  const api = new ApiClient(
    await clusterAccess({ kubeconfig: server.kubeconfig, namespace: "work", env: {} }),
  );
  try {
    await claimObjects(api, server, report);
    await claimWatch(api, server, report);
  } finally {
    await api.close();
  }
  await claimLeader(server, place, report);
}

const ref = (name: string): ObjectRef => ({ resource: kinds.configMap, namespace: "work", name });
const configMap = (name: string, data: Record<string, string>) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "work" },
  data,
});

async function claimObjects(
  api: ApiClient,
  server: ApiServer,
  report: CheckContext["report"],
): Promise<void> {
  const items = Array.from({ length: many }, (_, index) => configMap(`c${index}`, { n: String(index) }));
  const list = { apiVersion: "v1", kind: "List", items };
  await server.kubectl(["create", "-f", "-"], JSON.stringify(list));
  const found = await api.list(kinds.configMap, { namespace: "work" });
  const names = new Set(found.items.map(({ metadata }) => metadata.name));
  const pages =
    api.calls.find(({ verb, resource }) => verb === "list" && resource === "configmaps")?.count ?? 0;
  report.claim(
    `all of ${many} objects, page by page`,
    items.every(({ metadata }) => names.has(metadata.name)) && pages > 2,
    `${names.size} in ${pages} pages`,
  );
  await server.kubectl(["label", "-n", "work", "configmap", "c1", "theirs=kept"]);
  await api.apply(ref("c1"), configMap("c1", { n: "ours" }));
  const live = await api.get(ref("c1"));
  report.claim(
    "what others have set stays, what is applied is set",
    live?.metadata.labels?.["theirs"] === "kept" && textAt(live, "data", "n") === "ours",
    JSON.stringify(live?.metadata.labels),
  );
  const refused = await api
    .delete(ref("c2"), { uid: live?.metadata.uid ?? "" })
    .catch((error: unknown) => error);
  report.claim(
    "another object of the same name is not deleted",
    refused instanceof ApiRefusal && refused.status === 409 && (await api.get(ref("c2"))) !== undefined,
    refused instanceof ApiRefusal ? refused.said : String(refused),
  );
  const absent = await api.get(ref("none"));
  const conflict =
    live &&
    (await api
      .replace(ref("c1"), { ...live, metadata: { ...live.metadata, resourceVersion: "1" } })
      .catch((error: unknown) => error));
  report.claim(
    "what is not there is undefined, and what has changed meanwhile is a conflict",
    absent === undefined && conflict instanceof ApiRefusal && conflict.status === 409,
    conflict instanceof ApiRefusal ? conflict.said : String(conflict),
  );
}

async function claimWatch(api: ApiClient, server: ApiServer, report: CheckContext["report"]): Promise<void> {
  const over = new AbortController();
  const seen = new Map<string, string | undefined>();
  const watched = new WatchedObjects<LiveObject>({
    api,
    resource: kinds.configMap,
    selection: { namespace: "work" },
    keep: (object) => object,
    onChange: (now, before) => seen.set((now ?? before)?.metadata.name ?? "", textAt(now, "data", "n")),
  });
  const running = watched.run(over.signal);
  await watched.synced;
  const listed = [...watched.all()].length;
  await server.kubectl(["delete", "configmap", "-n", "work", "c3"]);
  await api.apply(ref("c4"), configMap("c4", { n: "changed" }));
  const told = await until("both are told", 20_000, () => {
    return watched.get("work", "c3") === undefined && seen.get("c4") === "changed";
  }).catch(() => false);
  report.claim(
    "a watch begins with all there is, and tells what happens",
    listed >= many && told,
    `${listed} listed`,
  );
  const gone = await api.get(ref("c5"));
  await api.delete(ref("c5"));
  await until("it is gone", 20_000, () => watched.get("work", "c5") === undefined);
  if (gone) watched.learn(gone);
  report.claim(
    "what is answered late does not bring back what was deleted",
    gone !== undefined && watched.get("work", "c5") === undefined,
  );
  over.abort(new Error("over"));
  await running;
}

/** Two operators; the one that leads is stopped, as a machine that hangs would, and goes on later. */
async function claimLeader(
  server: ApiServer,
  place: Workplace,
  report: CheckContext["report"],
): Promise<void> {
  await server.kubectl(["apply", "--server-side", "-f", "charts/promfleet/crds/prometheusfleets.yaml"]);
  const operators = ["one", "two"].map((name) => {
    const log = place.path(`${name}.log`);
    const words = [
      "operator",
      `--kubeconfig=${server.kubeconfig}`,
      "--lease-namespace=work",
      "--listen=127.0.0.1:0",
    ];
    return { log, process: start(promfleetProgram, words, { log }) };
  });
  let hangs: Started | undefined;
  try {
    const first = await until("one leads", 60_000, () => operators.find(({ log }) => leads(log)));
    const second = operators.find((one) => one !== first);
    report.claim("one of two leads", second !== undefined && !leads(second.log));
    if (!second) return;
    hangs = first.process;
    process.kill(hangs.pid, "SIGSTOP");
    const began = performance.now();
    await until("the other leads", 60_000, () => leads(second.log));
    const took = (performance.now() - began) / 1000;
    report.claim(
      "the one that leads hangs: the other leads when the lease is over, not before",
      took >= 10 && took < 25,
      `after ${took.toFixed(1)} s`,
    );
    const woken = performance.now();
    process.kill(hangs.pid, "SIGCONT");
    const code = await hangs.ended;
    hangs = undefined;
    const ended = (performance.now() - woken) / 1000;
    report.claim(
      "it goes on, sees that it leads no more, and ends",
      code === 7 && ended < 5,
      `code ${code} after ${ended.toFixed(1)} s`,
    );
  } finally {
    if (hangs) process.kill(hangs.pid, "SIGCONT");
    await Promise.all(operators.map(async ({ process: one }) => await one.kill()));
  }
}

const leads = (log: string): boolean => /Z leads$/m.test(readFileSync(log, "utf8"));
