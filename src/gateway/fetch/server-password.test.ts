import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import { serverPassword } from "./server-password.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "promfleet-password-"));
afterAll(() => rmSync(folder, { recursive: true }));

const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

it("is what stands in the file, followed, and nothing where nothing is asked", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  writeFileSync(path.join(folder, "password"), "one\n");
  let asked: { username: string; passwordFile: string } | undefined = {
    username: "u",
    passwordFile: "password",
  };
  const authorization = serverPassword(() => asked, folder);
  expect(authorization()).toBe(basic("u:one"));
  writeFileSync(path.join(folder, "password"), "another");
  vi.advanceTimersByTime(1000);
  expect(authorization()).toBe(basic("u:another"));
  rmSync(path.join(folder, "password"));
  vi.advanceTimersByTime(1000);
  expect(authorization()).toBe(basic("u:another"));
  asked = undefined;
  expect(authorization()).toBeUndefined();
  vi.useRealTimers();
});
