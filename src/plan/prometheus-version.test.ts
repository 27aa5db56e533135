import { expect, it } from "vitest";
import { prometheusFeatures } from "./prometheus-version.ts";

it("reads versions as Prometheus prints them", () => {
  expect(prometheusFeatures("2.42.0+ds")).toEqual({
    version: "2.42.0+ds",
    major: 2,
    readsCarryTraceId: false,
    readsChunks: false,
    readsHistograms: false,
    parseQueryApi: false,
    formatQueryApi: true,
    labelLimits: false,
    nativeHistograms: "flag",
    hidesMixedGroups: true,
    chunkedReadLimit: false,
    filterExternalLabels: true,
    lateSamples: "floats",
  });
  expect(prometheusFeatures("3.16.0")).toMatchObject({
    major: 3,
    readsCarryTraceId: true,
    readsChunks: true,
    nativeHistograms: "config",
    hidesMixedGroups: false,
    lateSamples: "all",
  });
  expect(prometheusFeatures("2.38.0").lateSamples).toBe("none");
});

it("takes what it cannot read for a version that can do nothing", () => {
  expect(prometheusFeatures("")).toMatchObject({ major: 0, readsChunks: false, nativeHistograms: "none" });
});
