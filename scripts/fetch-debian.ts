/**
 * For scripts/build-programs.sh, through the same code as `promfleet up`:
 *   fetch-debian.ts program NAME@VERSION…     Debian's build of a program into the cache, once
 *   fetch-debian.ts tree FOLDER PACKAGE…      packages unpacked into a folder
 */
import { mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { fetchDebianPackage, unpackDebianPackage } from "../src/local/programs/debian-package.ts";
import { installedPrograms } from "../src/local/programs/installed-programs.ts";
import { programNames } from "../src/local/programs/program.ts";
import { matchesVersion } from "../src/local/programs/version-order.ts";

async function fetchProgram(wanted: string): Promise<void> {
  const [given = "", version] = wanted.split("@");
  const name = programNames.find((one) => one === given);
  if (name === undefined) throw new Error(`${given} is none of ${programNames.join(", ")}`);
  const { found } = await installedPrograms(name, process.env);
  const there = found.find((one) => one.source === "cache" && matchesVersion(one.version, version));
  if (there) return console.log(`${name} ${there.version}: is there`);
  const fetched = await fetchDebianPackage(name, version, process.env);
  if ("why" in fetched) throw new Error(`${wanted}: ${fetched.what}: ${fetched.why}`);
  return console.log(`${name} ${fetched.version}: fetched`);
}

async function unpackTree(folder: string, packages: readonly string[]): Promise<void> {
  const scratch = await mkdtemp(path.join(path.dirname(folder), ".scratch-"));
  try {
    for (const each of packages) await unpackDebianPackage(each, folder, scratch, { env: process.env });
  } finally {
    await rm(scratch, { recursive: true });
  }
}

const [verb, ...words] = process.argv.slice(2);
try {
  if (verb === "program") for (const word of words) await fetchProgram(word);
  else if (verb === "tree" && words[0] !== undefined)
    await unpackTree(path.resolve(words[0]), words.slice(1));
  else throw new Error("usage: fetch-debian.ts program NAME@VERSION… | tree FOLDER PACKAGE…");
} catch (error) {
  console.error(`programs: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
