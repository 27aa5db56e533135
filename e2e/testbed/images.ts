import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, realpathSync } from "node:fs";
import path from "node:path";
import { imageContents, productionPackages } from "../../scripts/image-contents.ts";
import { cachedProgram } from "../harness/programs.ts";
import { checkout } from "../harness/workplace.ts";

/** An image as a docker archive, and what it is called. */
export interface Image {
  name: string;
  file: string;
}

/** Prometheus and promtool as Prometheus' own image has them. */
export function prometheusImage(version: string, folder: string, tag = `v${version}`): Image {
  return image(
    `promfleet/prometheus:${tag}`,
    path.join(folder, `prometheus-${tag}.tar`),
    ["/bin/prometheus"],
    prometheus(version),
  );
}

/** promfleet as it is published, with Node, what Node is linked to, and Prometheus for the evaluator. */
export function promfleetImage(version: string, folder: string, tag = "e2e"): Image {
  execFileSync(process.execPath, [path.join(checkout, "scripts/bundle.ts")], {
    cwd: checkout,
    stdio: "ignore",
  });
  const { folder: app, files, entry, environment } = imageContents;
  const own = files.flatMap((file) => (file === "node_modules" ? packages() : [file]));
  const contents = [
    `${process.execPath}=/bin/node`,
    ...new Set([process.execPath, ...addons()].flatMap(librariesOf)),
    ...own.map((file) => `${path.join(checkout, file)}=${app}/${file}`),
    ...prometheus(version),
  ];
  const variables = Object.entries(environment).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const file = path.join(folder, `promfleet-${tag}.tar`);
  return image(`promfleet/promfleet:${tag}`, file, ["/bin/node", entry], [...variables, ...contents]);
}

const prometheus = (version: string): string[] =>
  imageContents.programs.map((file) => `${cachedProgram("prometheus", version, file)}=/bin/${file}`);

/** Packages of another platform are in the lock file, and not on this machine. */
function packages(): string[] {
  return productionPackages(checkout).filter((folder) => existsSync(path.join(checkout, folder)));
}

/** Native parts of the packages that promfleet needs to run. */
function addons(): string[] {
  return packages().flatMap((folder) =>
    readdirSync(path.join(checkout, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".node"))
      .map((file) => path.join(checkout, folder, file)),
  );
}

/** Shared objects of a program, where it looks for them. */
function librariesOf(program: string): string[] {
  const told = execFileSync("ldd", [program], { encoding: "utf8" });
  const found = told.matchAll(/(?:=> )?(\/\S+) \(0x/g);
  return [...found].map(([, file = ""]) => `${realpathSync(file)}=${file}`);
}

function image(name: string, file: string, entry: readonly string[], files: readonly string[]): Image {
  const words = [path.join(checkout, "e2e/testbed/image.ts"), name, file, JSON.stringify(entry), ...files];
  execFileSync(process.execPath, words);
  return { name, file };
}
