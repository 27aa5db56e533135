import { type LiveObject, listAt, numberAt, textAt } from "../kubernetes/api-object.ts";
import { conditionsOf, readFleets } from "../kubernetes/fleet-objects.ts";
import { type ClusterOptions, openCluster } from "./cluster-options.ts";
import { paint } from "./progress.ts";

/** What the operator says of a fleet. */
interface ClusterFleet {
  namespace: string;
  fleet: string;
  whole: boolean;
  conditions: ReturnType<typeof conditionsOf>;
  servers: readonly Record<string, unknown>[];
  gateways: { wanted: number; ready: number };
}

/** Prints the fleets of a namespace. @returns whether all of them are whole @throws PromfleetError */
export async function clusterStatus(options: ClusterOptions, output: "text" | "json"): Promise<boolean> {
  const api = await openCluster(options);
  try {
    const fleets = (await readFleets(api, api.namespace)).map(asTold);
    process.stdout.write(
      output === "json"
        ? `${JSON.stringify(fleets, undefined, 2)}\n`
        : fleets.length === 0
          ? `there is no fleet in namespace ${api.namespace}\n`
          : fleets.map(describe).join("\n"),
    );
    return fleets.length > 0 && fleets.every(({ whole }) => whole);
  } finally {
    await api.close();
  }
}

function asTold(fleet: LiveObject): ClusterFleet {
  const conditions = conditionsOf(fleet);
  const is = (type: string) => conditions.find((one) => one.type === type)?.status;
  return {
    namespace: fleet.metadata.namespace ?? "",
    fleet: fleet.metadata.name,
    whole: is("Ready") === "True" && is("Degraded") === "False" && is("Progressing") === "False",
    conditions,
    servers: listAt(fleet, "status", "servers") as Record<string, unknown>[],
    gateways: {
      wanted: numberAt(fleet, "status", "gateways", "wanted") ?? 0,
      ready: numberAt(fleet, "status", "gateways", "ready") ?? 0,
    },
  };
}

function describe({ namespace, fleet, whole, conditions, servers, gateways }: ClusterFleet): string {
  const rows = [
    ["NAME", "STATE", "CURRENT", "RESTARTS", "NODE", "MESSAGE"],
    ...servers.map((server) => [
      textAt(server, "name") ?? "",
      textAt(server, "state") ?? "",
      server["upToDate"] === true ? "yes" : "no",
      String(numberAt(server, "restarts") ?? "-"),
      textAt(server, "node") ?? "-",
      textAt(server, "message") ?? "",
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) => coloured(column, cell, cell.padEnd(widths?.[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  return [
    `${paint(process.stdout, "bold", `${namespace}/${fleet}`)}  ${whole ? "whole" : "not whole"}  gateways ${gateways.ready}/${gateways.wanted}`,
    ...(conditions.length === 0 ? ["no operator has looked at it yet"] : []),
    ...conditions.map(({ type, status, reason, message }) => `${type} ${status}, ${reason}: ${message}`),
    "",
    ...lines,
    "",
  ].join("\n");
}

function coloured(column: number, cell: string, padded: string): string {
  if (column !== 1 || cell === "STATE") return padded;
  return paint(process.stdout, cell === "Ready" ? "green" : cell === "Failing" ? "red" : "yellow", padded);
}
