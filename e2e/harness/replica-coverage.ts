import type { CoverageDocument, ReplicaDocument } from "../../src/gateway/coverage/coverage-answer.ts";
import { api } from "./http.ts";
import { until } from "./until.ts";

/** What a gateway knows of a server. */
export async function coverageOf(gateway: string, name: string): Promise<ReplicaDocument | undefined> {
  const { shards } = await api<CoverageDocument>(gateway, "coverage");
  return shards.flatMap(({ replicas }) => replicas).find(({ server }) => server === name);
}

/** Whether a server lacks nothing that its partner has. @param since s since 1970: it was looked at after this */
export function isWhole(replica: ReplicaDocument | undefined, since = 0): boolean {
  return replica !== undefined && (replica.known?.to ?? 0) > since && replica.gaps.length === 0;
}

/**
 * Until a gateway knows that a server lacks nothing: before it has looked at what the server was given, it says of a query, truly, that
 * only its partner has it.
 * @param since s since 1970: it was looked at after this
 * @returns how long that took, s
 */
export async function untilWhole(
  gateway: string,
  name: string,
  withinMs: number,
  since = 0,
): Promise<number> {
  const began = performance.now();
  await until(`the gateway knows that ${name} is whole`, withinMs, async () =>
    isWhole(await coverageOf(gateway, name), since),
  );
  return (performance.now() - began) / 1000;
}
