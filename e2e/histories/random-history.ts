import {
  type Anomaly,
  type History,
  type ReplicaName,
  type Stretch,
  type Target,
  historySeconds,
  shardCount,
  shardOf,
} from "./history.ts";
import { Random } from "../harness/random.ts";

const jobs = ["api", "db", "edge", "queue"] as const;
const intervals = [5, 15, 15, 15, 30] as const;
const hosts = 40;

/** A history: targets that come, go and move, and replicas that miss some of it, never both at once. */
export function randomHistory(seed: number): History {
  const random = new Random(seed);
  const targets = randomTargets(random);
  const anomalies: Anomaly[] = [];
  const wanted = random.whole(4, 14);
  // two that lack different targets at the same time: nothing shows in count(up)
  if (random.chance(0.5)) add(anomalies, targets, crossed(random, targets));
  for (let tries = 0; tries < 60 && anomalies.length < wanted; tries++)
    add(anomalies, targets, [randomAnomaly(random, targets)]);
  return { targets, anomalies };
}

function randomTargets(random: Random): Target[] {
  const targets: Target[] = [];
  const free = Array.from({ length: hosts }, (_, host) => `host-${host}:9100`);
  const takeHost = () => free.splice(random.whole(0, free.length - 1), 1)[0] ?? "";
  for (const job of random.some(jobs, jobs.length)) {
    const interval = random.pick(intervals);
    for (let count = random.whole(3, 6); count > 0; count--) {
      const target: Target = {
        job,
        instance: takeHost(),
        interval,
        phase: random.whole(0, interval * 1000 - 100) / 1000,
        from: -interval,
        to: historySeconds + interval,
        seed: random.seed(),
        down: random.chance(0.1) ? [stretch(random, 10, 300)] : [],
      };
      targets.push(...(random.chance(0.25) ? moving(random, target, takeHost()) : [target]));
    }
  }
  // both shards have something to answer
  for (let shard = 0; shard < shardCount; shard++)
    if (!targets.some(({ instance }) => shardOf(instance) === String(shard))) return randomTargets(random);
  return targets;
}

/** A target that is there for a while only, and may go on elsewhere. */
function moving(random: Random, target: Target, elsewhere: string): Target[] {
  const { from, to } = stretch(random, 300, historySeconds / 2);
  switch (random.whole(0, 3)) {
    case 0:
      return [{ ...target, to: from }];
    case 1:
      return [{ ...target, from }];
    case 2:
      // it leaves and comes back
      return [
        { ...target, to: from },
        { ...target, from: to, seed: random.seed() },
      ];
    default:
      return [
        { ...target, to },
        { ...target, instance: elsewhere, from: to, seed: random.seed() },
      ];
  }
}

const lengths: Readonly<Record<Anomaly["kind"], readonly [number, number]>> = {
  away: [30, 900],
  unseen: [30, 900],
  failed: [5, 600],
  missed: [0, 0],
  slow: [0, 0],
  restart: [10, 45],
};
const kinds = [
  "away",
  "away",
  "unseen",
  "unseen",
  "failed",
  "failed",
  "missed",
  "missed",
  "slow",
  "restart",
] as const;

function randomAnomaly(random: Random, targets: readonly Target[]): Anomaly {
  const shard = shardOf(random.pick(targets).instance);
  const replica: ReplicaName = random.chance(0.5) ? "a" : "b";
  const kind = random.pick(kinds);
  const there = targets.filter(({ instance }) => shardOf(instance) === shard);
  const instances = [...new Set(there.map(({ instance }) => instance))];
  if (kind === "away" || kind === "restart")
    return { kind, shard, replica, targets: instances, ...stretch(random, ...lengths[kind]) };
  if (kind === "unseen" || kind === "failed") {
    const some = random.some(instances, Math.ceil(instances.length / 2));
    return { kind, shard, replica, targets: some, ...stretch(random, ...lengths[kind]) };
  }
  const target = random.pick(there);
  const count = kind === "slow" ? random.whole(1, 3) : 1;
  // half an interval before the scrape that is left out
  const first = random.whole(0, Math.floor(historySeconds / target.interval));
  const from = target.phase + (first - 0.5) * target.interval;
  return { kind, shard, replica, targets: [target.instance], from, to: from + count * target.interval };
}

/** Of two targets of a shard, each replica lacks one. */
function crossed(random: Random, targets: readonly Target[]): Anomaly[] {
  const shard = shardOf(random.pick(targets).instance);
  const instances = [...new Set(targets.map(({ instance }) => instance))].filter(
    (one) => shardOf(one) === shard,
  );
  const pair = random.some(instances, 2);
  if (pair.length < 2) return [];
  const when = stretch(random, 60, 700);
  return pair.map((instance, index) => ({
    kind: "unseen",
    shard,
    replica: index === 0 ? "a" : "b",
    targets: [instance],
    ...when,
  }));
}

/** Adds those that leave the other replica whole over the same time, and for two intervals around it. */
function add(anomalies: Anomaly[], targets: readonly Target[], more: readonly Anomaly[]): void {
  const interval = (instance: string) =>
    Math.max(...targets.flatMap((target) => (target.instance === instance ? [target.interval] : [])));
  for (const anomaly of more) {
    const collides = anomalies.some(
      (other) =>
        other.shard === anomaly.shard &&
        anomaly.targets.some((instance) => {
          if (!other.targets.includes(instance)) return false;
          const margin = 2 * interval(instance);
          return other.from < anomaly.to + margin && other.to > anomaly.from - margin;
        }),
    );
    if (!collides) anomalies.push(anomaly);
  }
}

/** Somewhere in a history, now and then over one of its ends; s, in thousandths. */
function stretch(random: Random, shortest: number, longest: number): Stretch {
  const length = shortest + random.next() ** 2 * (longest - shortest);
  const from = random.next() * historySeconds - (random.chance(0.1) ? length / 2 : 0);
  return { from: Math.round(from * 1000) / 1000, to: Math.round((from + length) * 1000) / 1000 };
}
