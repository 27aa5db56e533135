import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { expect, test } from "vitest";
import {
  findByMarker,
  identify,
  isAlive,
  markerVariable,
  type ProcessIdentity,
  signalProcess,
} from "./process-identity.ts";
import { until } from "./until.ts";

function identityOf(pid: number | undefined): ProcessIdentity {
  const identity = identify(pid ?? 0);
  if (!identity) throw new Error("the process is not there");
  return identity;
}

test("a process is the same as long as it lives, and not after", async () => {
  const child = spawn("sleep", ["60"]);
  const identity = identityOf(child.pid);
  expect(identify(identity.pid)).toEqual(identity);
  expect(isAlive(identity)).toBe(true);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(isAlive(identity)).toBe(false);
});

test("another process under the same pid is not taken for it, nor sent a signal", async () => {
  const child = spawn("sleep", ["60"]);
  const earlier = { ...identityOf(child.pid), started: "the same boot:1" };
  expect(isAlive(earlier)).toBe(false);
  expect(signalProcess(earlier, "SIGKILL")).toBe(false);
  expect(isAlive(identityOf(child.pid))).toBe(true);
  child.kill("SIGKILL");
  await once(child, "exit");
});

test("one that has ended and was not waited for is dead", async () => {
  // the shell becomes a sleep that never waits for its child
  const shell = spawn("sh", ["-c", "sleep 0.1 & echo $!; exec sleep 60"]);
  const [line] = (await once(shell.stdout, "data")) as [Buffer];
  const child = identityOf(Number(line.toString()));
  expect(await until(() => !isAlive(child), 5000)).toBe(true);
  shell.kill("SIGKILL");
  await once(shell, "exit");
});

test("a process is found by its marker, not a child that inherited it", async () => {
  const marker = randomUUID();
  const shell = spawn("sh", ["-c", "sleep 60 & echo started; wait"], {
    detached: true,
    env: { ...process.env, [markerVariable]: marker },
  });
  await once(shell.stdout, "data");
  expect(findByMarker(marker)).toEqual(identify(shell.pid ?? 0));
  process.kill(-(shell.pid ?? 0), "SIGKILL");
  await once(shell, "exit");
  expect(await until(() => findByMarker(marker) === undefined, 5000)).toBe(true);
});
