import type { ServerView, ServerWanted } from "./server-view.ts";

/** What is to be done about one server. */
export type Step =
  /** It has no StatefulSet yet: nobody loses anything. */
  | { do: "create"; server: string }
  /** Its Secret is written, and it is told. */
  | { do: "configure"; server: string }
  /** It is told once more to read what its Secret has. */
  | { do: "reload"; server: string }
  /** Its Secret and its template are written, then it is evicted. */
  | { do: "restart"; server: string }
  /** Its template is written already. */
  | { do: "evict"; server: string }
  | { do: "wait"; server: string; why: string };

/**
 * The next steps towards what servers are to be: whatever hurts nobody, and one thing that might. A server that answers is taken away
 * only while all others of its shard are ready and have everything; one that does not may be changed at any time.
 */
export function nextSteps(wanted: readonly ServerWanted[], views: ReadonlyMap<string, ServerView>): Step[] {
  const steps: Step[] = [];
  const there: Pair[] = [];
  for (const server of wanted) {
    const view = views.get(server.name);
    if (view?.template === undefined) steps.push({ do: "create", server: server.name });
    else there.push({ wanted: server, view });
  }
  const told = there.filter(({ wanted: want, view }) => isToldAll(want, view));
  const last = told.find(({ view, wanted: want }) => isReady(view) && view.shown !== want.generation);
  // what was told and is not done yet comes before the next one is told
  if (last) return [...steps, { do: "reload", server: last.wanted.name }];
  const leaving = there.find(
    ({ view, wanted: want }) =>
      view.template === want.template &&
      view.pod !== undefined &&
      !view.pod.leaving &&
      view.pod.template !== want.template,
  );
  if (leaving) return [...steps, stepFor(leaving, there, "evict")];
  const behind = there.filter(({ wanted: want, view }) => !isToldAll(want, view));
  // those that are down first: it can not get worse for them, and perhaps this is what helps
  const next = behind.find(({ view }) => !isReady(view)) ?? behind[0];
  if (!next) return steps;
  const coming = told.find(({ view, wanted: want }) => !isSettled(want, view));
  if (coming && isReady(next.view))
    return [...steps, { do: "wait", server: coming.wanted.name, why: whyNot(coming.view, coming.wanted) }];
  return [
    ...steps,
    stepFor(next, there, next.view.template === next.wanted.template ? "configure" : "restart"),
  ];
}

interface Pair {
  wanted: ServerWanted;
  view: ServerView;
}

/** Whether there is nothing more to be done about any of them. */
export function areSettled(wanted: readonly ServerWanted[], views: ReadonlyMap<string, ServerView>): boolean {
  return wanted.every((server) => {
    const view = views.get(server.name);
    return view !== undefined && isToldAll(server, view) && isSettled(server, view);
  });
}

function stepFor(
  { wanted, view }: Pair,
  there: readonly Pair[],
  what: "configure" | "restart" | "evict",
): Step {
  const step = { do: what, server: wanted.name } as const;
  // a reload takes nothing away
  if (what === "configure" || !isReady(view)) return step;
  const others = there.filter(
    ({ wanted: other }) => other.shard === wanted.shard && other.name !== wanted.name,
  );
  const missing = others.find(({ view: other }) => !isReady(other) || !other.healed);
  if (!missing) return step;
  return { do: "wait", server: missing.wanted.name, why: whyNot(missing.view, missing.wanted) };
}

function isToldAll(wanted: ServerWanted, view: ServerView): boolean {
  // whatever comes after one that is leaving is made from the template of now
  const template = view.pod && !view.pod.leaving ? view.pod.template : view.template;
  return (
    view.secret === wanted.generation && view.template === wanted.template && template === wanted.template
  );
}

function isReady({ pod }: ServerView): boolean {
  return pod !== undefined && pod.ready && !pod.leaving;
}

function isSettled(wanted: ServerWanted, view: ServerView): boolean {
  return isReady(view) && view.shown === wanted.generation && view.healed;
}

/** What is waited for. */
function whyNot(view: ServerView, wanted: ServerWanted): string {
  const { pod } = view;
  if (!pod) return "its pod is not there";
  if (pod.leaving) return "its pod is leaving";
  if (pod.trouble !== undefined) return pod.trouble;
  if (!pod.ready) return "it is not ready";
  if (view.shown === undefined) return "it does not answer";
  if (view.shown !== wanted.generation && view.secret === wanted.generation)
    return "it does not show its configuration yet";
  return "it does not have everything yet that it missed";
}
