import { expect, test } from "vitest";
import type { GapDocument, ReplicaDocument } from "../gateway/coverage/coverage-answer.ts";
import { coverageLine, gapGroups } from "./coverage-picture.ts";

const gap = (instance: string, from: number, to: number | null): GapDocument => ({
  labels: { job: "j", instance },
  after: from - 1,
  before: to === null ? null : to + 1,
  from,
  to,
  missed: 3,
});

const replica: ReplicaDocument = {
  name: "a",
  server: "main-0-a",
  complete: false,
  known: { from: 20, to: 100 },
  oldest: 10,
  targets: 2,
  gaps: [gap("1", 40, 50), gap("1", 60, 70), gap("2", 60, 68), gap("1", 90, null)],
  error: null,
};

test("a line shows what is there, partly there, missing, not known and too old", () => {
  expect(coverageLine(replica, 0, 100, 10)).toBe(" ?██▒█·██▒");
});

test("what nothing is known of after a return is shown as that", () => {
  const back = { ...replica, gaps: [{ ...gap("", 80, null), labels: null }] };
  expect(coverageLine(back, 0, 100, 10)).toBe(" ?██████??");
});

test("gaps that lie over each other are told as one", () => {
  expect(gapGroups(replica.gaps).map(({ from, to, targets }) => [from, to, targets.length])).toEqual([
    [40, 50, 1],
    [60, 70, 2],
    [90, null, 1],
  ]);
});
