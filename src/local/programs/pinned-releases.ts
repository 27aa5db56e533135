import type { ProgramName } from "./program.ts";

/** "linux-amd64": as the release's file names have it. */
export type Platform = `${"linux" | "darwin"}-${"amd64" | "arm64"}`;

export interface PinnedRelease {
  name: ProgramName;
  version: string;
  /** SHA-256 of `<name>-<version>.<platform>.tar.gz`, hexadecimal. A platform without one is not downloaded. */
  sha256: Readonly<Partial<Record<Platform, string>>>;
}

/**
 * The official releases that promfleet downloads by itself. A sum comes from the release's sha256sums.txt; whoever
 * adds one without access to it needs two independent users of the archive who agree, and names them here.
 */
export const pinnedReleases: readonly PinnedRelease[] = [
  {
    // amd64: five users agree, Zulip's Puppet manifests among them; arm64: Zulip's.
    name: "prometheus",
    version: "3.9.1",
    sha256: {
      "linux-amd64": "86a6999dd6aacbd994acde93c77cfa314d4be1c8e7b7c58f444355c77b32c584",
      "linux-arm64": "4e7f291e527d8aca912a995c183128388c9e048065aff84f74f5a55c9bef3793",
    },
  },
  {
    // Long-term support. OpenStack Kolla's source table agrees with several CI pins; darwin: one user, whose Linux sums agree too.
    name: "prometheus",
    version: "3.5.0",
    sha256: {
      "linux-amd64": "e811827af26d822afb09a4f28314f61b618b12cff5369835a67f674d8b46f39a",
      "linux-arm64": "173389cc42bf09c4e6e54cb53fa07a5a835d7c261e14775d2183181d6e385d1c",
      "darwin-arm64": "c17bc2c992f0b5515eebe2b4ccd626214f8e309a0fe6ec40ed13c42ec13d05fb",
    },
  },
  {
    // OpenStack Kolla's source table and Boxcutter's cookbooks agree; darwin: one user, whose Linux sums agree too.
    name: "alertmanager",
    version: "0.28.1",
    sha256: {
      "linux-amd64": "5ac7ab5e4b8ee5ce4d8fb0988f9cb275efcc3f181b4b408179fafee121693311",
      "linux-arm64": "d8832540e5b9f613d2fd759e31d603173b9c61cc7bb5e3bc7ae2f12038b1ce4f",
      "darwin-arm64": "6ad077f9de99fe96843a68313f19dd2dbc1e8929135293e48bb10824bd6b4df4",
    },
  },
  {
    // OpenStack Kolla's source table, Zulip's manifests and Boxcutter's cookbooks agree.
    name: "node_exporter",
    version: "1.10.2",
    sha256: {
      "linux-amd64": "c46e5b6f53948477ff3a19d97c58307394a29fe64a01905646f026ddc32cb65b",
      "linux-arm64": "de69ec8341c8068b7c8e4cfe3eb85065d24d984a3b33007f575d307d13eb89a6",
    },
  },
];

/** The release platform of a machine; undefined where the projects publish none that promfleet runs on. */
export function platformOf(os: NodeJS.Platform, arch: NodeJS.Architecture): Platform | undefined {
  if (os !== "linux" && os !== "darwin") return undefined;
  if (arch === "x64") return `${os}-amd64`;
  return arch === "arm64" ? `${os}-arm64` : undefined;
}
