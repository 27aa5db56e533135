import { expect, it } from "vitest";
import { pathAtLine, pathOfString } from "./yaml-path.ts";

const text = `global:
  scrape_interval: 15s
scrape_configs:
  - job_name: a
    relabel_configs:
      - action: keep
        regex: |-
          (
  - job_name: b
`;

it("knows what stands on a line", () => {
  expect(pathAtLine(text, 2)).toEqual(["global", "scrape_interval"]);
  expect(pathAtLine(text, 3)).toEqual(["scrape_configs"]);
  expect(pathAtLine(text, 4)).toEqual(["scrape_configs", 0, "job_name"]);
  expect(pathAtLine(text, 6)).toEqual(["scrape_configs", 0, "relabel_configs", 0, "action"]);
  expect(pathAtLine(text, 9)).toEqual(["scrape_configs", 1, "job_name"]);
  expect(pathAtLine(text, 99)).toBeUndefined();
});

it("finds a string", () => {
  expect(pathOfString(text, "(")).toEqual(["scrape_configs", 0, "relabel_configs", 0, "regex"]);
  expect(pathOfString(text, "nowhere")).toBeUndefined();
});
