import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import { expect, onTestFinished, test } from "vitest";
import { giveWay } from "./give-way.ts";

test("a process gives way by itself and as a session, and one that is gone is left alone", () => {
  const child = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  const pid = child.pid ?? 0;
  giveWay(pid);
  expect(os.getPriority(pid)).toBe(5);
  const group = `/proc/${pid}/autogroup`;
  const told = existsSync(group) ? readFileSync(group, "utf8") : "no sessions, nice 5";
  expect(told.trim()).toMatch(/nice 5$/);
  expect(() => giveWay(4_000_000)).not.toThrow();
});
