import { expect, it } from "vitest";
import { differenceIn } from "./object-difference.ts";

it("what others have added is no difference", () => {
  const live = {
    metadata: { labels: { a: "1", theirs: "x" } },
    spec: { replicas: 2, clusterIP: "10.0.0.1" },
  };
  expect(differenceIn({ metadata: { labels: { a: "1" } }, spec: { replicas: 2 } }, live)).toBeUndefined();
});

it.each([
  [{ spec: { replicas: 3 } }, "spec.replicas"],
  [{ spec: { ports: [{ port: 1 }] } }, "spec.ports"],
  [{ spec: { list: [{ port: 1 }, { port: 3 }] } }, "spec.list[1].port"],
  [{ metadata: { labels: { gone: "x" } } }, "metadata.labels"],
])("%j differs in %s", (wanted, where) => {
  expect(
    differenceIn(wanted, { spec: { replicas: 2, list: [{ port: 1 }, { port: 2 }] }, metadata: {} }),
  ).toBe(where);
});

it.each([
  ["1024Mi", "1Gi"],
  ["0.5", "500m"],
  ["1000m", "1"],
  ["1500M", "1.5G"],
])("%s is %s", (wanted, live) => {
  expect(differenceIn({ cpu: wanted }, { cpu: live })).toBeUndefined();
});

it.each([
  ["1Gi", "1G"],
  ["2", "2m"],
])("%s is not %s", (wanted, live) => {
  expect(differenceIn({ cpu: wanted }, { cpu: live })).toBe("cpu");
});

it("what the API server leaves out because it is empty is not missing", () => {
  expect(differenceIn({ a: false, b: "", c: 0, d: {}, e: [], f: undefined }, {})).toBeUndefined();
  expect(differenceIn({ a: false }, { a: true })).toBe("a");
});
