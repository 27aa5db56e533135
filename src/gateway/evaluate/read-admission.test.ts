import { expect, test } from "vitest";
import { ReadAdmission } from "./read-admission.ts";

const { signal } = new AbortController();

test("queries are let in whole, in line, as room comes free", async () => {
  const admission = new ReadAdmission(() => 10, 0);
  const order: string[] = [];
  const first = await admission.enter(6, signal);
  const waiting = [
    admission.enter(6, signal).then((admitted) => (order.push("second"), admitted)),
    // it would fit, but comes after the one that does not
    admission.enter(1, signal).then((admitted) => (order.push("third"), admitted)),
  ];
  expect(admission.state).toEqual({ room: 10, used: 6, waiting: 2 });
  first.release();
  for (const admitted of await Promise.all(waiting)) admitted.release();
  expect(order).toEqual(["second", "third"]);
  expect(admission.state).toEqual({ room: 10, used: 0, waiting: 0 });
});

test("a query that reads nothing never waits", async () => {
  const admission = new ReadAdmission(() => 1, 0);
  await admission.enter(1, signal);
  const admitted = await admission.enter(0, signal);
  expect(admitted.spool).toBeUndefined();
});

test("a query with more reads than there is room for takes all of it, and turns", async () => {
  const admission = new ReadAdmission(() => 2, 100);
  const admitted = await admission.enter(5, signal);
  expect(admission.state.used).toBe(2);
  const spool = admitted.spool?.();
  if (!spool) throw new Error("no spool");
  const endFirst = await spool.turn(signal);
  await spool.turn(signal);
  let third = false;
  const waiting = spool.turn(signal).then(() => {
    third = true;
    return third;
  });
  await Promise.resolve();
  expect(third).toBe(false);
  endFirst();
  await waiting;
  spool.hold(100);
  expect(() => spool.hold(1)).toThrow("more than 100 bytes");
  admitted.release();
  expect(admission.state.used).toBe(0);
});

test("who gives up leaves the line, and those behind move up", async () => {
  const admission = new ReadAdmission(() => 2, 0);
  const first = await admission.enter(1, signal);
  const gone = new AbortController();
  const second = admission.enter(2, gone.signal);
  const third = admission.enter(1, signal);
  gone.abort(new Error("gone"));
  await expect(second).rejects.toThrow("gone");
  await third;
  first.release();
  expect(admission.state).toEqual({ room: 2, used: 1, waiting: 0 });
});
