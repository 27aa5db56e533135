import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createState, isMeantUnnamed, whichState } from "./state-folder.ts";
import { defaultState, statePaths } from "./state-paths.ts";

test("a fleet need not be named while it is the only one, and must be when there are two", async () => {
  const home = await mkdtemp(path.join(os.tmpdir(), "promfleet-state-folder-"));
  onTestFinished(async () => await rm(home, { recursive: true }));
  const env = { XDG_STATE_HOME: home };
  const [one, two, elsewhere] = [
    statePaths(defaultState("one", env)),
    statePaths(defaultState("two", env)),
    statePaths(path.join(home, "elsewhere")),
  ];
  await createState(one, "one");
  expect(await isMeantUnnamed(one, env)).toBe(true);
  expect(await isMeantUnnamed(elsewhere, env)).toBe(false);
  expect(await isMeantUnnamed(elsewhere, { ...env, PROMFLEET_STATE: elsewhere.root })).toBe(true);
  await createState(two, "two");
  expect(await isMeantUnnamed(one, env)).toBe(false);
  await expect(whichState(undefined, undefined, env)).rejects.toThrow("FLEET_AMBIGUOUS");
});
