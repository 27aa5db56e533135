import { expect, it } from "vitest";
import { latenessWindowMs } from "./lateness-window.ts";
import { prometheusFeatures } from "./prometheus-version.ts";
import { testSpec } from "./test-spec.ts";

const windowOf = (version: string, prometheus = {}, replicas = 2) =>
  latenessWindowMs(
    { ...testSpec, replicas, prometheus: { ...testSpec.prometheus, ...prometheus } },
    prometheusFeatures(version),
  );

it("is what the spec says, where there is somebody to be healed from and late samples are taken", () => {
  expect(windowOf("3.16.0")).toBe(7_200_000);
  expect(windowOf("2.39.0", { outOfOrderWindow: "30m" })).toBe(1_800_000);
  expect(windowOf("2.38.0")).toBe(0);
  expect(windowOf("3.16.0", {}, 1)).toBe(0);
  expect(windowOf("3.16.0", { outOfOrderWindow: "0s" })).toBe(0);
});

it("is nothing where native histograms are scraped that no read shows", () => {
  const extraArgs = ["--enable-feature=exemplar-storage,native-histograms"];
  expect(windowOf("2.42.0", { extraArgs })).toBe(0);
  expect(windowOf("2.44.0", { extraArgs })).toBe(7_200_000);
  expect(windowOf("2.42.0", { extraArgs: ["--enable-feature=exemplar-storage"] })).toBe(7_200_000);
});
