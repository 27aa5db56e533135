import { expect, test } from "vitest";
import { matchStoredLabels } from "./external-labels.ts";

test("an equality with an external label is asked as a regular expression, which the server leaves alone", () => {
  const external = [{ replica: "a.1", cluster: "eu" }, { replica: "b" }];
  expect(
    matchStoredLabels(
      [
        { op: "=", name: "replica", value: "a.1" },
        { op: "=", name: "replica", value: "b" },
        { op: "=", name: "replica", value: "c" },
        { op: "!=", name: "cluster", value: "eu" },
        { op: "=", name: "job", value: "eu" },
        { op: "=", name: "none", value: "" },
      ],
      external,
    ),
  ).toEqual([
    { op: "=~", name: "replica", value: "a\\.1" },
    { op: "=~", name: "replica", value: "b" },
    { op: "=", name: "replica", value: "c" },
    { op: "!=", name: "cluster", value: "eu" },
    { op: "=", name: "job", value: "eu" },
    { op: "=", name: "none", value: "" },
  ]);
});
