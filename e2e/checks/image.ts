import { cpSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { buildCommands, buildInputs, imageContents } from "../../scripts/image-contents.ts";
import type { Check, CheckContext } from "../harness/check.ts";
import { type Ran, run as runProgram } from "../harness/promfleet.ts";
import { checkout, Workplace } from "../harness/workplace.ts";

/** Bytes that promfleet may have in its image: without Node, and without Prometheus. */
const largest = 20e6;

export const image: Check = {
  name: "image",
  claim:
    "what the Dockerfile does to build promfleet, done in a folder that has only what docker would see, gives a promfleet that runs by itself",
  bothVersions: false,
  // packages are fetched
  soakOnly: true,
  run,
};

async function run({ report }: CheckContext): Promise<void> {
  await using place = new Workplace("image");
  const source = place.path("src");
  for (const file of buildInputs) {
    mkdirSync(path.dirname(path.join(source, file)), { recursive: true });
    cpSync(path.join(checkout, file), path.join(source, file), { recursive: true, filter: isSeen });
  }
  for (const command of buildCommands) {
    const ran = await runProgram(["sh", "-ec", command], { cwd: source, withinMs: 300_000 });
    const said = ran.stderr.trim().split("\n").at(-1) ?? "";
    if (!report.claim(command, ran.code === 0, said)) return;
  }
  const app = place.path("app");
  for (const file of imageContents.files)
    cpSync(path.join(source, file), path.join(app, file), { recursive: true });
  const bytes = sizeOf(app);
  report.claim(`it has less than ${largest / 1e6} MB`, bytes < largest, `${(bytes / 1e6).toFixed(1)} MB`);
  const entry = path.join(app, path.relative(imageContents.folder, imageContents.entry));
  const asInImage = async (...args: readonly string[]): Promise<Ran> =>
    await runProgram([process.execPath, entry, ...args], {
      cwd: "/",
      env: { HOME: undefined, NODE_PATH: undefined, ...imageContents.environment },
    });
  const crd = await asInImage("crd");
  const expected = readFileSync(path.join(checkout, "charts/promfleet/crds/prometheusfleets.yaml"), "utf8");
  report.claim("it prints the definition of PrometheusFleet", crd.stdout === expected, crd.stderr.trim());
  const native = await runProgram(
    [
      process.execPath,
      "--eval",
      'require("snappy").compressSync("a"); require("@node-rs/crc32").crc32c("a")',
    ],
    { cwd: app },
  );
  report.claim("what is native can be loaded", native.code === 0, native.stderr.trim());
  const operator = await asInImage("operator", "--kubeconfig=/dev/null");
  report.claim(
    "the operator looks for its cluster",
    operator.code === 5 && operator.stderr.includes("[KUBECONFIG_INVALID]"),
    operator.stderr.trim().split("\n")[0],
  );
}

/** As .dockerignore has it. */
const isSeen = (file: string): boolean => path.basename(file) !== "testdata" && !file.endsWith(".test.ts");

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => statSync(path.join(folder, name)))
    .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
}
