/** The programs that promfleet runs but does not contain. */
export type ProgramName = "prometheus" | "alertmanager" | "node_exporter";

interface Program {
  /** The program that lies beside it and is needed with it. */
  companion: "promtool" | "amtool" | undefined;
  /** Names it goes by on PATH; distributions rename some. */
  binaries: readonly string[];
  /** The variable that names a path. */
  variable: string;
  /** Debian's package. */
  package: string;
}

export const programs: Readonly<Record<ProgramName, Program>> = {
  prometheus: {
    companion: "promtool",
    binaries: ["prometheus"],
    variable: "PROMFLEET_PROMETHEUS",
    package: "prometheus",
  },
  alertmanager: {
    companion: "amtool",
    binaries: ["alertmanager", "prometheus-alertmanager"],
    variable: "PROMFLEET_ALERTMANAGER",
    package: "prometheus-alertmanager",
  },
  node_exporter: {
    companion: undefined,
    binaries: ["node_exporter", "prometheus-node-exporter"],
    variable: "PROMFLEET_NODE_EXPORTER",
    package: "prometheus-node-exporter",
  },
};

export const programNames: readonly ProgramName[] = ["prometheus", "alertmanager", "node_exporter"];

/** The environment as far as it is read: `process.env`, or a test's own. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a program came from; the order is the order of the tries. */
export type ProgramSource = "spec" | "environment" | "path" | "cache" | "release" | "distribution";

/** A program that was run once and told its name and version. */
export interface FoundProgram {
  name: ProgramName;
  /** Absolute. */
  path: string;
  /** "3.16.0", "2.42.0", "3.17.0-rc.0": without the build's own suffix ("+ds"). */
  version: string;
  source: ProgramSource;
}
