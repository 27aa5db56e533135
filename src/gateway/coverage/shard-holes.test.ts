import { expect, test } from "vitest";
import { ReplicaScrapes } from "./replica-scrapes.ts";
import { ShardHoles } from "./shard-holes.ts";

const hour = 3_600_000;
const start = 1_795_000_000_000 - (1_795_000_000_000 % hour);
const range = { from: start - 1, to: start + 12 * hour };

/** @param at hours after the start */
const scraped = (at: number, interval: number, hours = 0.5) =>
  Array.from(
    { length: (hours * hour) / interval },
    (_, index) => start + at * hour + index * interval + (index % 3),
  );

/** What each of two replicas lacks of a target, whose scrapes are read at once. */
function holesOf(left: readonly number[], right: readonly number[]): [number, number, number][][] {
  const replicas = [left, right].map((times) => {
    const replica = new ReplicaScrapes();
    replica.setOldest(start);
    return { replica, found: [{ key: "k", job: "j", instance: "i", times: [...times], bad: [] }] };
  });
  const all = replicas.map(({ replica }) => replica);
  for (const { replica, found } of replicas)
    replica.add(
      found,
      range,
      0,
      all.filter((other) => other !== replica),
    );
  const shard = new ShardHoles(all, 0);
  return all.map((replica) => shard.of(replica).map(({ after, before, count }) => [after, before, count]));
}

test("a single missed scrape is a hole, however often the target was scraped at other times", () => {
  const [slow, quick, later] = [scraped(0, 30_000, 2), scraped(2, 5000), scraped(4, 15_000, 3)];
  const whole = [...slow, ...quick, ...later];
  const lacking = [...slow, ...quick.toSpliced(100, 1), ...later.toSpliced(50, 1)];
  expect(holesOf(whole, lacking)).toEqual([
    [],
    [
      [quick[99], quick[101], 1],
      [later[49], later[51], 1],
    ],
  ]);
});

test("scrapes that come less often than before are no holes", () => {
  const whole = [...scraped(0, 5000), ...scraped(0.5, 15_000), ...scraped(1, 30_000)];
  expect(holesOf(whole, whole)).toEqual([[], []]);
});

test("a hole begins after the last scrape before it, whatever the interval is when the target is seen again", () => {
  const [quick, later] = [scraped(0, 5000), scraped(1, 30_000, 8)];
  expect(holesOf([...quick, ...later], [...quick.slice(0, 300), ...later])).toEqual([
    [],
    [[quick[299], later[0], 60]],
  ]);
});
