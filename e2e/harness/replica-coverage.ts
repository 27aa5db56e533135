import type { CoverageDocument, ReplicaDocument } from "../../src/gateway/coverage/coverage-answer.ts";
import { api } from "./http.ts";

/** What a gateway knows of a server. */
export async function coverageOf(gateway: string, name: string): Promise<ReplicaDocument | undefined> {
  const { shards } = await api<CoverageDocument>(gateway, "coverage");
  return shards.flatMap(({ replicas }) => replicas).find(({ server }) => server === name);
}

/** Whether a server lacks nothing that its partner has. @param since s since 1970: it was looked at after this */
export function isWhole(replica: ReplicaDocument | undefined, since = 0): boolean {
  return replica !== undefined && (replica.known?.to ?? 0) > since && replica.gaps.length === 0;
}
