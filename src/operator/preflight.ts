import { type LiveObject, listAt, mapAt, numberAt, textAt } from "../kubernetes/api-object.ts";
import type { OwnedObject, ServerOfFleet } from "./fleet-objects.ts";

/** Of what a preflight is about: another template or configuration is another one. */
export const preflightAnnotation = "promfleet.dev/preflight";

export function preflightName(server: string): string {
  return `${server}-preflight`;
}

/** Names of a server's preflight and of all that it is made of begin with this. */
function nameOf(server: string, secret: string): string {
  return `${preflightName(server)}${secret.slice(server.length)}`;
}

/** What a preflight is about. */
export function preflightKey({ wanted }: ServerOfFleet): string {
  return `${wanted.template}-${wanted.generation}`;
}

/** No file is there: a server that gets that far has taken its flags. */
const absent = "/etc/prometheus/absent.yml";

interface Container {
  image: string;
  args: readonly string[];
  securityContext: unknown;
}

/**
 * A pod that tries, on the node of a server, what the server is to become: whether the image is there, what its own promtool says of
 * the configuration, whether the flags are understood. It has nothing of the server's data, and nobody selects it.
 */
export function preflightObjects(server: ServerOfFleet, node: string | undefined): OwnedObject[] {
  const { statefulSet, secrets, wanted } = server;
  const template = mapAt(statefulSet, "spec", "template");
  const spec = mapAt(template, "spec");
  const [container] = listAt(spec, "containers") as readonly Container[];
  if (!container) throw new Error(`${wanted.name} has no container`);
  const { image, args, securityContext } = container;
  const common = {
    image,
    securityContext,
    terminationMessagePolicy: "FallbackToLogsOnError",
    resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "512Mi" } },
    volumeMounts: [{ name: "config", mountPath: "/etc/prometheus", readOnly: true }],
  };
  const labels = {
    "app.kubernetes.io/part-of": "promfleet",
    "app.kubernetes.io/managed-by": "promfleet",
    "app.kubernetes.io/instance": statefulSet.metadata.labels["app.kubernetes.io/instance"] ?? "",
    "app.kubernetes.io/component": "preflight",
  };
  const metadata = (name: string) => ({
    ...statefulSet.metadata,
    name,
    labels,
    annotations: { [preflightAnnotation]: preflightKey(server) },
  });
  const copies = secrets.map((secret) => ({
    ...secret,
    metadata: metadata(nameOf(wanted.name, secret.metadata.name)),
  }));
  const pod: OwnedObject = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: metadata(preflightName(wanted.name)),
    spec: {
      ...(node !== undefined && { nodeName: node }),
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 0,
      securityContext: spec["securityContext"],
      ...(spec["imagePullSecrets"] !== undefined && { imagePullSecrets: spec["imagePullSecrets"] }),
      initContainers: [
        {
          name: "config",
          ...common,
          command: ["/bin/promtool", "check", "config", "/etc/prometheus/prometheus.yml"],
        },
      ],
      containers: [
        {
          name: "flags",
          ...common,
          command: ["/bin/prometheus"],
          args: args.map((arg) => (arg.startsWith("--config.file=") ? `--config.file=${absent}` : arg)),
        },
      ],
      volumes: [
        {
          name: "config",
          projected: { sources: copies.map((copy) => ({ secret: { name: copy.metadata.name } })) },
        },
      ],
    },
  };
  return [...copies, pod];
}

/** What a preflight has come to. */
export type Verdict = { is: "pending" } | { is: "good" } | { is: "bad"; message: string };

/** Reasons of a container that waits which do not go away by waiting. */
const hopeless = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
]);

export function verdictOf(pod: LiveObject, server: string): Verdict {
  const [config] = listAt(pod, "status", "initContainerStatuses");
  const [flags] = listAt(pod, "status", "containerStatuses");
  for (const status of [config, flags]) {
    const waiting = mapAt(status, "state", "waiting");
    const reason = textAt(waiting, "reason") ?? "";
    if (hopeless.has(reason))
      return {
        is: "bad",
        message: `${server} can not run it: ${reason}: ${textAt(waiting, "message") ?? ""}`,
      };
  }
  const checked = mapAt(config, "state", "terminated");
  const code = numberAt(checked, "exitCode");
  if (code !== undefined && code !== 0) {
    const said = lastLines(textAt(checked, "message") ?? "");
    return { is: "bad", message: `the configuration of ${server} is refused by its Prometheus: ${said}` };
  }
  const ended = mapAt(flags, "state", "terminated");
  if (numberAt(ended, "exitCode") !== undefined) {
    const said = textAt(ended, "message") ?? "";
    // it got as far as the file that is not there
    if (said.includes(absent)) return { is: "good" };
    return { is: "bad", message: `the flags of ${server} are refused by its Prometheus: ${lastLines(said)}` };
  }
  if (textAt(pod, "status", "phase") === "Failed")
    return {
      is: "bad",
      message: `${server} could not be tried: ${textAt(pod, "status", "reason") ?? ""} ${textAt(pod, "status", "message") ?? ""}`,
    };
  return { is: "pending" };
}

function lastLines(said: string): string {
  const lines = said
    .trim()
    .split("\n")
    .filter((line) => line.trim() !== "");
  const telling = lines.filter((line) => /error|fail|unknown|parsing/i.test(line));
  return (telling.length > 0 ? telling : lines).slice(-3).join(" ").trim().slice(0, 600);
}
