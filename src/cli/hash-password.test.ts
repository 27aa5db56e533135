import { spawnSync } from "node:child_process";
import path from "node:path";
import { expect, test } from "vitest";
import { parsePasswordHash, parseTokenHash } from "../spec/credential-hash.ts";
import { hashToken, isPassword } from "../gateway/tenancy/password-hash.ts";

const program = path.join(import.meta.dirname, "../../bin/promfleet");
const run = (input: string, ...more: string[]) =>
  spawnSync(program, ["hash-password", ...more], { input, encoding: "utf8" });

test("a password's hash is salted, and is that of the first line alone", async () => {
  const [one, other] = [run("open sesame\nmore\n"), run("open sesame")];
  expect([one.status, other.status, one.stdout === other.stdout]).toEqual([0, 0, false]);
  for (const { stdout } of [one, other]) {
    const hash = parsePasswordHash(stdout.trim());
    expect(hash && (await isPassword("open sesame", hash))).toBe(true);
    expect(hash && (await isPassword("open sesame ", hash))).toBe(false);
  }
});

test("a token's hash is always the same", () => {
  const { stdout } = run("kq3v9XbU1m0ZrT6y\n", "--token");
  expect(stdout).toBe(`${hashToken("kq3v9XbU1m0ZrT6y")}\n`);
  expect(parseTokenHash(stdout.trim())).toHaveLength(32);
});

test.each(["", "\n", "a\u0007b\n", "x".repeat(1025)])("%j is none", (input) => {
  const { status, stdout, stderr } = run(input);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/^promfleet: no password: .* \[USAGE\]/);
  expect(stderr).not.toContain(input.trim() || "\u0000");
});
