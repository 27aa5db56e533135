import { api } from "../harness/http.ts";

/** The targets that a server keeps, each as one text: pool, labels and URL. A target is there as often as the server has it. */
export async function keptTargets(url: string): Promise<string[]> {
  const { activeTargets } = await api<{ activeTargets: ActiveTarget[] }>(url, "targets", { state: "active" });
  return activeTargets.map(targetText).toSorted();
}

interface ActiveTarget {
  scrapePool: string;
  scrapeUrl: string;
  labels: Record<string, string>;
}

function targetText({ scrapePool, scrapeUrl, labels }: ActiveTarget): string {
  const names = Object.keys(labels).toSorted();
  return `${scrapePool} ${JSON.stringify(names.map((name) => [name, labels[name]]))} ${scrapeUrl}`;
}

/** The pool that a target's text names. */
export const poolOf = (target: string): string => target.slice(0, target.indexOf(" ["));
