import { execFile } from "node:child_process";
import { access, mkdir, readdir, rename } from "node:fs/promises";
import path from "node:path";
import { makeCacheEntry } from "./cache-entry.ts";
import type { FailedTry } from "./official-release.ts";
import { type Environment, type FoundProgram, type ProgramName, programs } from "./program.ts";
import { matchesVersion, withoutBuild } from "./version-order.ts";

/**
 * Unpacks the distribution's own package into the cache: it is not installed, no daemon starts, nothing else on the
 * machine changes, and it needs no root. Where apt's package lists are empty or outdated, lists of our own are
 * fetched into a temporary folder. apt checks the signatures.
 */
export async function fetchDebianPackage(
  name: ProgramName,
  version: string | undefined,
  env: Environment,
  signal?: AbortSignal,
): Promise<FoundProgram | FailedTry> {
  const { package: packageName, companion, binaries } = programs[name];
  const what = `Debian's package ${packageName}`;
  if (env["PROMFLEET_DISTRIBUTION"] === "off")
    return { what, why: "is switched off by PROMFLEET_DISTRIBUTION=off" };
  const isDebian = await access("/etc/debian_version").then(
    () => process.platform === "linux",
    () => false,
  );
  if (!isDebian) return { what, why: "this machine is none of Debian's kind" };
  try {
    return await makeCacheEntry(name, "distribution", env, async (entry, scratch) => {
      const tree = path.join(scratch, "tree");
      await unpackDebianPackage(packageName, tree, scratch, { env, version, signal });
      const bin = path.join(tree, "usr/bin");
      const there = await readdir(bin);
      const main = binaries.find((binary) => there.includes(binary));
      if (main === undefined) throw new Error(`it holds no usr/bin/${binaries.join(" or ")}`);
      await rename(path.join(bin, main), path.join(entry, name));
      if (companion !== undefined && there.includes(companion))
        await rename(path.join(bin, companion), path.join(entry, companion));
    });
  } catch (error) {
    signal?.throwIfAborted();
    return { what, why: error instanceof Error ? error.message : String(error) };
  }
}

export interface UnpackOptions {
  env: Environment;
  /** Refuse another version than this, matched by prefix. */
  version?: string | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Downloads one package and unpacks it into `tree`; `scratch` is a folder for what is needed on the way. Rejects with
 * one clause on what went wrong.
 */
export async function unpackDebianPackage(
  packageName: string,
  tree: string,
  scratch: string,
  options: UnpackOptions,
): Promise<void> {
  const { env, signal } = options;
  const folder = path.join(scratch, packageName);
  for (const each of [folder, `${scratch}/lists/partial`, `${scratch}/cache/archives/partial`])
    await mkdir(each, { recursive: true });
  // As root, apt would drop to a user who cannot write here.
  const plain = ["-o", "APT::Sandbox::User=root", "-o", `Dir::Cache=${scratch}/cache`];

  const attempt = async (words: readonly string[]): Promise<void> => {
    const offer = await run(
      "apt-get",
      [...words, "download", "--print-uris", packageName],
      folder,
      env,
      signal,
    );
    const offered = offeredVersion(offer);
    if (offered === undefined) throw new Error("apt has no such package");
    if (!matchesVersion(offered, options.version)) throw new WrongVersion(`it has version ${offered}`);
    await run("apt-get", [...words, "download", packageName], folder, env, signal);
    const file = (await readdir(folder)).find((one) => one.endsWith(".deb"));
    if (file === undefined) throw new Error("apt-get downloaded nothing");
    await run("dpkg", ["-x", path.join(folder, file), tree], folder, env, signal);
  };

  try {
    await attempt(plain);
  } catch (error) {
    if (error instanceof WrongVersion) throw error;
    signal?.throwIfAborted();
    // The machine's package lists are empty, or older than what the mirror still has: take lists of our own.
    const own = [...plain, "-o", `Dir::State::lists=${scratch}/lists`];
    await run("apt-get", [...own, "-o", "Acquire::Languages=none", "update"], folder, env, signal);
    await attempt(own);
  }
}

class WrongVersion extends Error {}

/** "2.42.0" of `'http://…' prometheus_2.42.0+ds-5+deb12u1_amd64.deb 18310748 SHA256:…`. */
function offeredVersion(uris: string): string | undefined {
  const version = /^'[^']*' [^_ ]+_(\S+)_[^_ ]+\.deb /m.exec(uris)?.[1];
  if (version === undefined) return undefined;
  const upstream = version.replace(/^\d+(:|%3a)/i, "").replace(/-[^-]*$/, "");
  return withoutBuild(upstream.replace("~", "-"));
}

function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Environment,
  signal: AbortSignal | undefined,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      cwd,
      env: { ...env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
      timeout: 180_000,
      maxBuffer: 1 << 24,
      ...(signal && { signal }),
    };
    execFile(program, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const said =
        stderr.split("\n").findLast((line) => line.startsWith("E:")) ?? stderr.trim().split("\n").at(-1);
      const why = error.code === "ENOENT" ? "is not on PATH" : `failed: ${said || error.message}`;
      return reject(new Error(`${program} ${why}`, { cause: error }));
    });
  });
}
