import { type LiveObject, listAt, mapAt, numberAt, textAt } from "../kubernetes/api-object.ts";
import { templateAnnotation } from "./fleet-objects.ts";
import type { PodView } from "./server-view.ts";

/** Touching a pod has its kubelet look at its volumes at once. */
export const touchAnnotation = "promfleet.dev/configured";

/** The container of a server, and of a gateway. */
const containers = ["prometheus", "gateway"];

/** A pod as a rollout needs to know it. */
export function podView(pod: LiveObject): PodView {
  const { name, uid, annotations, deletionTimestamp } = pod.metadata;
  const status = listAt(pod, "status", "containerStatuses").find((one) =>
    containers.includes(textAt(one, "name") ?? ""),
  );
  const ready = listAt(pod, "status", "conditions").some(
    (one) => textAt(one, "type") === "Ready" && textAt(one, "status") === "True",
  );
  return {
    name,
    uid,
    template: annotations?.[templateAnnotation],
    touched: annotations?.[touchAnnotation],
    ready,
    leaving: deletionTimestamp !== undefined,
    node: textAt(pod, "spec", "nodeName"),
    restarts: numberAt(status, "restartCount") ?? 0,
    startedAt: textAt(status, "state", "running", "startedAt"),
    trouble: troubleOf(pod, status),
    lastEnd: textAt(status, "lastState", "terminated", "reason"),
  };
}

/** Another one has come back. */
export function lifeOf({ uid, restarts, startedAt }: PodView): string {
  return `${uid} ${restarts} ${startedAt ?? ""}`;
}

function troubleOf(pod: LiveObject, status: unknown): string | undefined {
  const waiting = mapAt(status, "state", "waiting");
  const reason = textAt(waiting, "reason");
  if (reason !== undefined && reason !== "ContainerCreating" && reason !== "PodInitializing") {
    const ended = textAt(status, "lastState", "terminated", "reason");
    return [reason, textAt(waiting, "message"), ended && `ended before: ${ended}`].filter(Boolean).join(": ");
  }
  const unscheduled = listAt(pod, "status", "conditions").find(
    (one) => textAt(one, "type") === "PodScheduled" && textAt(one, "status") === "False",
  );
  if (unscheduled === undefined) return undefined;
  return `${textAt(unscheduled, "reason") ?? "not scheduled"}: ${textAt(unscheduled, "message") ?? ""}`;
}
