import { expect, test, vi } from "vitest";
import { Interrupt } from "./interrupt.ts";

test("a signal that comes twice at once, by the terminal and by npx, is one", () => {
  const leave = vi.fn<() => void>();
  const interrupt = new Interrupt(() => undefined, leave);
  interrupt.take(0);
  interrupt.take(3);
  expect(interrupt.signal.aborted).toBe(true);
  expect(leave).not.toHaveBeenCalled();
});

test("a second one later leaves the rest to the supervisor", () => {
  const leave = vi.fn<() => void>();
  const said: string[] = [];
  const interrupt = new Interrupt((sentence) => said.push(sentence), leave);
  interrupt.take(0);
  interrupt.take(2000);
  expect(leave).toHaveBeenCalledOnce();
  expect(said).toEqual(["going down; once more, and it is left to the supervisor"]);
});
