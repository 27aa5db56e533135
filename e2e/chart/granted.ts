import { listAt, textAt } from "../../src/kubernetes/api-object.ts";

/** One thing that somebody may do, or has done: as RBAC names them. */
export interface Call {
  verb: string;
  group: string;
  resource: string;
}

export const callText = ({ verb, group, resource }: Call): string =>
  `${verb} ${resource}${group === "" ? "" : `.${group}`}`;

/** Everything that the Roles and ClusterRoles among objects allow. */
export function granted(objects: readonly unknown[]): Call[] {
  const roles = objects.filter((one) => /^(?:Cluster)?Role$/.test(textAt(one, "kind") ?? ""));
  return roles.flatMap((role) =>
    listAt(role, "rules").flatMap((rule) =>
      texts(rule, "apiGroups").flatMap((group) =>
        texts(rule, "resources").flatMap((resource) =>
          texts(rule, "verbs").map((verb) => ({ verb, group, resource })),
        ),
      ),
    ),
  );
}

function texts(rule: unknown, key: string): string[] {
  return listAt(rule, key).filter((one) => typeof one === "string");
}

/** The calls of an operator so far, as its metrics have them. */
export function callsIn(metrics: string): Call[] {
  const lines = metrics.matchAll(/^promfleet_operator_api_calls_total\{(.*)\} [1-9]/gm);
  return [...lines].map(([, labels = ""]) => {
    const value = (name: string): string => new RegExp(`\\b${name}="([^"]*)"`).exec(labels)?.[1] ?? "";
    return { verb: value("verb"), group: value("group"), resource: value("resource") };
  });
}
