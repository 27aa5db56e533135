import { expect, test } from "vitest";
import { pinnedReleases, platformOf } from "./pinned-releases.ts";
import { programNames } from "./program.ts";

test("every pin is a whole SHA-256, and no two archives share one", () => {
  const sums = pinnedReleases.flatMap((pin) => Object.values(pin.sha256));
  expect(sums.filter((sum) => !/^[0-9a-f]{64}$/.test(sum))).toEqual([]);
  expect(new Set(sums).size).toBe(sums.length);
});

test("every program has a release for the usual servers", () => {
  for (const name of programNames) {
    const pins = pinnedReleases.filter((pin) => pin.name === name);
    expect(pins.some((pin) => pin.sha256["linux-amd64"] && pin.sha256["linux-arm64"])).toBe(true);
  }
});

test("platforms are named as the releases name them", () => {
  expect(platformOf("linux", "x64")).toBe("linux-amd64");
  expect(platformOf("darwin", "arm64")).toBe("darwin-arm64");
  expect(platformOf("linux", "s390x")).toBeUndefined();
  expect(platformOf("win32", "x64")).toBeUndefined();
});
