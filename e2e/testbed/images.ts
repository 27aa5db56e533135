import { execFileSync } from "node:child_process";
import { readdirSync, realpathSync } from "node:fs";
import path from "node:path";
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
  const modules = ["snappy", "@napi-rs", "@node-rs"].map((name) => {
    const from = path.join(checkout, "node_modules", name);
    return `${from}=/app/node_modules/${name}`;
  });
  const files = [
    `${process.execPath}=/bin/node`,
    ...new Set([process.execPath, ...addons()].flatMap(librariesOf)),
    `${path.join(checkout, "dist")}=/app/dist`,
    `${path.join(checkout, "package.json")}=/app/package.json`,
    ...modules,
    ...prometheus(version),
  ];
  const entry = ["/bin/node", "/app/dist/promfleet.js"];
  return image(`promfleet/promfleet:${tag}`, path.join(folder, `promfleet-${tag}.tar`), entry, files);
}

const prometheus = (version: string): string[] =>
  ["prometheus", "promtool"].map((file) => `${cachedProgram("prometheus", version, file)}=/bin/${file}`);

/** Native parts of the packages that promfleet needs to run. */
function addons(): string[] {
  const modules = path.join(checkout, "node_modules");
  return ["@napi-rs", "@node-rs"].flatMap((scope) =>
    readdirSync(path.join(modules, scope), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".node"))
      .map((file) => path.join(modules, scope, file)),
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
