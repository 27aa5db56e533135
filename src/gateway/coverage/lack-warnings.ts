import type { ShardLack } from "./hole.ts";

/** Targets that a warning names. */
const named = 3;

/** What is said of samples that only replicas have that can not be asked: one sentence a shard. */
export function lackWarnings(lacking: readonly ShardLack[]): string[] {
  const shards = new Map<string, ShardLack[]>();
  for (const lack of lacking) shards.set(lack.shard, [...(shards.get(lack.shard) ?? []), lack]);
  return [...shards].map(([shard, lacks]) => {
    const targets = [...new Set(lacks.map(({ job, instance }) => `${job} ${instance}`))];
    const more = targets.length > named ? ` and ${targets.length - named} more` : "";
    const from = time(Math.min(...lacks.map((lack) => lack.from)));
    const to = time(Math.max(...lacks.map((lack) => lack.to)));
    return `shard ${shard} lacks samples of ${targets.slice(0, named).join(", ")}${more} between ${from} and ${to}: the replica that has them is not available`;
  });
}

/** The same for somebody who may not know of the targets; other sentences stay as they are. */
export function withoutTargets(warning: string): string {
  return warning.replace(/^(shard \S+ lacks samples) of .* (between \S+ and \S+: the replica)/gms, "$1 $2");
}

const time = (ms: number): string => new Date(ms).toISOString();
