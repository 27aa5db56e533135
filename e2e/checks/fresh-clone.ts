import { copyFile, mkdir } from "node:fs/promises";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Check, CheckContext } from "../harness/check.ts";
import { start } from "../harness/processes.ts";
import { run as runProgram } from "../harness/promfleet.ts";
import { Workplace, checkout } from "../harness/workplace.ts";
import { type Room, debianRoom, plainRoom } from "../fresh-clone/room.ts";

/** Majors of npm; with the last one the tests are run as well. */
const npmMajors = ["9", "12", "11"];
const upWithinSeconds = 60;

export const freshClone: Check = {
  name: "fresh-clone",
  claim: "a fresh clone on Debian with Node 20, npm, make and git: `make up`, again, and `make test`",
  bothVersions: false,
  soakOnly: true,
  run,
};

async function run({ report }: CheckContext): Promise<void> {
  await using place = new Workplace("fresh-clone");
  const room = await makeRoom(report, place);
  report.figure("in", room.description);
  const repository = path.join(room.outside, "promfleet.git");
  const cloned = await runProgram([
    "git",
    "clone",
    "--quiet",
    "--bare",
    "--no-hardlinks",
    checkout,
    repository,
  ]);
  if (cloned.code !== 0) throw new Error(cloned.stderr);
  await copyFile(
    path.join(import.meta.dirname, "../fresh-clone/steps.sh"),
    path.join(room.outside, "steps.sh"),
  );
  await mkdir(path.join(room.outside, "newer-node"));
  await copyFile(process.execPath, path.join(room.outside, "newer-node/node"));
  const majors = process.env["PROMFLEET_CHECK_NPM"]?.split(",") ?? npmMajors;
  for (const major of majors) await runSteps(report, room, major, major === majors.at(-1));
}

async function makeRoom(report: CheckContext["report"], place: Workplace): Promise<Room> {
  if (process.getuid?.() === 0)
    try {
      return await debianRoom(place.folder);
    } catch (error) {
      report.skip("a Debian of its own", error instanceof Error ? error.message : String(error));
    }
  else report.skip("a Debian of its own", "only root can make one");
  return await plainRoom(place.folder);
}

async function runSteps(
  report: CheckContext["report"],
  room: Room,
  major: string,
  tests: boolean,
): Promise<void> {
  const log = path.join(room.outside, `npm-${major}.log`);
  const { inside } = room;
  const folder = `${inside}/npm-${major}`;
  const words = [
    "sh",
    `${inside}/steps.sh`,
    `${inside}/promfleet.git`,
    folder,
    major,
    ...(tests ? ["test"] : []),
  ];
  const [program = "", ...args] = [...room.enter, `HOME=${folder}/home`, ...words];
  const steps = start(program, args, { log });
  const code = await steps.ended;
  const text = readFileSync(log, "utf8");
  const taken = durations(text);
  report.figure(`npm ${major}`, taken.map(([step, seconds]) => `${step} ${seconds} s`).join(", "));
  const last = taken.at(-1)?.[0] ?? "nothing";
  report.claim(
    `all steps with npm ${major}`,
    code === 0,
    code === 0 ? "" : `"${last}" failed:\n${text.slice(-2500)}`,
  );
  const up = taken.find(([step]) => step === "make up with its programs there")?.[1] ?? Number.NaN;
  report.claim(
    `a working address within ${upWithinSeconds} s with npm ${major}`,
    up <= upWithinSeconds,
    `${up} s`,
  );
}

/** Of each step: its name and seconds; the last one is where it ended. */
function durations(text: string): [string, number][] {
  const marks = [...text.matchAll(/^@@ (\d+) (.*)$/gm)].map(
    (mark) => [mark[2] ?? "", Number(mark[1])] as const,
  );
  return marks.map(([step, at], index) => [step, (marks[index + 1]?.[1] ?? at) - at]);
}
