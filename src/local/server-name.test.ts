import { expect, test } from "vitest";
import { unknownServer } from "./server-name.ts";

const known = ["main-0-a", "main-0-b", "main-gateway", ""];

test.each([
  ["main-gatway", 'the fleet has no process called "main-gatway" (did you mean main-gateway?)'],
  ["supervisor", 'the fleet has no process called "supervisor"'],
  ["../../x", 'the fleet has no process called "../../x"'],
])("%s: what may have been meant is said only where it is near", (name, message) => {
  expect(unknownServer(name, known).complaints).toEqual([{ code: "SERVER_UNKNOWN", message }]);
});
