import { expect, it } from "vitest";
import { planVolumes, refusedVolumes } from "./volumes.ts";

const claims = new Map([
  ["data-main-0-a-0", "10Gi"],
  ["data-main-0-b-0", "20Gi"],
]);

it("those that are smaller grow", () => {
  expect(planVolumes("20Gi", claims)).toEqual({
    size: "20Gi",
    grow: ["data-main-0-a-0"],
    trouble: undefined,
  });
});

it("none shrinks, and the fleet goes on with what it has", () => {
  const plan = planVolumes("15Gi", claims);
  expect(plan).toMatchObject({ size: "20Gi", grow: [] });
  expect(plan.trouble).toContain("data-main-0-b-0 has 20Gi");
});

it("where the class refuses, they stay", () => {
  expect(refusedVolumes("30Gi", claims, "no")).toMatchObject({ size: "20Gi", grow: [] });
});

it("a fleet without volumes gets them as declared", () => {
  expect(planVolumes("50Gi", new Map())).toEqual({ size: "50Gi", grow: [], trouble: undefined });
});
