import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { findProgram } from "./find-program.ts";
import { surveyPrograms } from "./survey-programs.ts";

test("the survey tells what is used, and what a named path is worth", async () => {
  const found = await findProgram("prometheus");
  const empty = await mkdtemp(path.join(tmpdir(), "promfleet-survey-"));
  const env = { PATH: empty, PROMFLEET_CACHE: empty };
  const [none, named] = await Promise.all([
    surveyPrograms(env),
    surveyPrograms({
      ...env,
      PROMFLEET_PROMETHEUS: found.path,
      PROMFLEET_ALERTMANAGER: "/nowhere/alertmanager",
    }),
  ]);
  await rm(empty, { recursive: true });
  expect(none.map(({ name, used, found }) => [name, used, found])).toEqual([
    ["prometheus", undefined, []],
    ["alertmanager", undefined, []],
    ["node_exporter", undefined, []],
  ]);
  expect(named[0]?.used).toMatchObject({ path: found.path, source: "environment", version: found.version });
  expect(named[1]?.error).toBe("PROMFLEET_ALERTMANAGER=/nowhere/alertmanager: there is no such file");
});
