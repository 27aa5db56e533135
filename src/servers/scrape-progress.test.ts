import { expect, test } from "vitest";
import { ScrapeCount, type ScrapedTarget } from "./scrape-progress.ts";

const target = (key: string, lastScrape: number, health: ScrapedTarget["health"] = "up"): ScrapedTarget => ({
  key,
  health,
  lastScrape,
  interval: 1000,
});

test("a target that a partner finds up has to be scraped well twice since the restart", () => {
  const count = new ScrapeCount(100, 2);
  const partner = [target("a", 1)];
  const seen = [90, 110, 110, 120].map((at) => {
    count.add([target("a", at)]);
    return count.missing([target("a", at)], partner, true).length;
  });
  expect(seen).toEqual([1, 1, 1, 0]);
});

test("failed scrapes of a target that is up elsewhere do not count", () => {
  const count = new ScrapeCount(0, 1);
  const own = [target("a", 10, "down")];
  count.add(own);
  expect(count.missing(own, [target("a", 1)], true)).toEqual(["a"]);
});

test("a target that is down everywhere is not waited for", () => {
  const count = new ScrapeCount(0, 2);
  const own = [target("a", 10, "down")];
  count.add(own);
  expect(count.missing(own, [target("a", 1, "down")], true)).toEqual([]);
});

test("a target that only the partner has yet is waited for, unless their configurations differ", () => {
  const count = new ScrapeCount(0, 2);
  expect(count.missing([], [target("a", 1)], true)).toEqual(["a"]);
  expect(count.missing([], [target("a", 1)], false)).toEqual([]);
});

test("a target that is scraped once an hour is not waited for", () => {
  const count = new ScrapeCount(0, 2);
  const own = [{ ...target("a", 0, "unknown"), interval: 3_600_000 }];
  count.add(own);
  expect(count.missing(own, [target("a", 1)], true)).toEqual([]);
});
