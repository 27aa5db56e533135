import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { array, assert, constantFrom, property } from "fast-check";
import { expect, test } from "vitest";
import { unifiedDiff } from "./unified-diff.ts";

test("shows what was taken out and put in, with three lines around", () => {
  const before = ["a", "b", "c", "d", "e", "f", "g", "h"].join("\n");
  const after = ["a", "b", "c", "d", "E", "f", "g", "h"].join("\n");
  expect(unifiedDiff(before, after)).toBe("@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n");
});

test("changes that are far from each other get hunks of their own", () => {
  const before = Array.from({ length: 30 }, (_, index) => `line ${index}`);
  const after = before.map((line, index) => (index === 3 || index === 25 ? `${line}!` : line));
  expect(unifiedDiff(before.join("\n"), after.join("\n")).match(/^@@/gm)).toHaveLength(2);
});

test("says nothing about equal texts", () => {
  expect(unifiedDiff("a\nb\n", "a\nb\n")).toBe("");
});

test("git makes the new text of the old one with it", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "promfleet-diff-"));
  const file = path.join(folder, "text");
  const text = array(constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 20 });
  try {
    assert(
      property(text, text, (before, after) => {
        const [old, next] = [before, after].map((words) => words.map((word) => `${word}\n`).join(""));
        const diff = unifiedDiff(old ?? "", next ?? "");
        writeFileSync(file, old ?? "");
        const input = `--- a/text\n+++ b/text\n${diff}`;
        if (diff !== "") execFileSync("git", ["apply", "-"], { cwd: folder, input, stdio: "pipe" });
        expect(readFileSync(file, "utf8")).toBe(next);
      }),
      { numRuns: 60 },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("texts that have nothing in common are taken out and put in whole", () => {
  expect(unifiedDiff(longText("old"), longText("new"))).toMatch(/^@@ -1,3000 \+1,3000 @@\n-old 0\n/);
});

function longText(word: string): string {
  return Array.from({ length: 3000 }, (_, index) => `${word} ${index}\n`).join("");
}
