import { expect, test } from "vitest";
import { compareVersions, matchesVersion, withoutBuild } from "./version-order.ts";

test("a version is asked for by whole numbers from the left", () => {
  const matches = ["3", "3.16", "3.16.0", "v3.16.0", undefined].map((want) => matchesVersion("3.16.0", want));
  expect(matches).toEqual([true, true, true, true, true]);
  const others = ["3.1", "3.16.1", "2", "3.16.0-rc.0", "31"].map((want) => matchesVersion("3.16.0", want));
  expect(others).toEqual([false, false, false, false, false]);
});

test("numbers compare as numbers, and a pre-release comes before its release", () => {
  const versions = ["3.9.1", "3.16.0", "2.42.0+ds", "3.17.0-rc.0", "3.17.0-rc.10", "3.17.0-rc.2", "3.17.0"];
  expect(versions.toSorted(compareVersions)).toEqual([
    "2.42.0+ds",
    "3.9.1",
    "3.16.0",
    "3.17.0-rc.0",
    "3.17.0-rc.2",
    "3.17.0-rc.10",
    "3.17.0",
  ]);
});

test("what a builder added to a version is taken off", () => {
  expect(withoutBuild("2.42.0+ds")).toBe("2.42.0");
  expect(withoutBuild("3.17.0-rc.0+dirty")).toBe("3.17.0-rc.0");
});
