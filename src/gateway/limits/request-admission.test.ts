import { expect, test } from "vitest";
import { RequestAdmission } from "./request-admission.ts";

const never = new AbortController().signal;

/** Whether a promise is settled already, once everything that could settle it now has. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const { promise: turn, resolve } = Promise.withResolvers<"no">();
  setImmediate(() => resolve("no"));
  return (await Promise.race([promise.then(() => "yes"), turn])) !== "no";
}

test("so many are worked on, so many wait in line, more are refused", async () => {
  const admission = new RequestAdmission(() => ({ concurrency: 2, queue: 1 }));
  const leaveFirst = await admission.enter(never);
  await admission.enter(never);
  const third = admission.enter(never);
  expect(await isSettled(third)).toBe(false);
  await expect(admission.enter(never)).rejects.toThrow("GATEWAY_BUSY");
  expect(admission.state).toEqual({ working: 2, waiting: 1 });
  leaveFirst();
  leaveFirst();
  const leaveThird = await third;
  expect(admission.state).toEqual({ working: 2, waiting: 0 });
  leaveThird();
  expect(admission.state).toEqual({ working: 1, waiting: 0 });
});

test("who waits longest is next, and who gives up loses the place", async () => {
  const admission = new RequestAdmission(() => ({ concurrency: 1, queue: 9 }));
  const leave = await admission.enter(never);
  const impatient = new AbortController();
  const first = admission.enter(impatient.signal);
  const second = admission.enter(never);
  const third = admission.enter(never);
  impatient.abort(new Error("has gone"));
  await expect(first).rejects.toThrow("has gone");
  leave();
  (await second)();
  (await third)();
  expect(admission.state).toEqual({ working: 0, waiting: 0 });
});

test("a limit that changes holds for those who wait as well", async () => {
  const limits = { concurrency: 2, queue: 9 };
  const admission = new RequestAdmission(() => limits);
  const leaves = [await admission.enter(never), await admission.enter(never)];
  const waiting = admission.enter(never);
  limits.concurrency = 1;
  leaves[0]?.();
  expect(await isSettled(waiting)).toBe(false);
  limits.concurrency = 3;
  // nobody has left: who comes next makes the line move, and does not pass it
  const last = admission.enter(never);
  await waiting;
  await last;
  expect(admission.state).toEqual({ working: 3, waiting: 0 });
});
