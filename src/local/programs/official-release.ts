import path from "node:path";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { makeCacheEntry } from "./cache-entry.ts";
import { download, type DownloadOptions } from "./download.ts";
import { type PinnedRelease, platformOf } from "./pinned-releases.ts";
import { type Environment, type FoundProgram, type ProgramName, programs } from "./program.ts";
import { unpackFiles } from "./unpack-files.ts";
import { compareVersions, matchesVersion } from "./version-order.ts";

/** Why a try found nothing: `what` was tried and `why` it failed, one clause each. */
export interface FailedTry {
  what: string;
  why: string;
}

/**
 * Downloads the newest pinned release of the version asked for into the cache. `PROMFLEET_RELEASES` names a mirror of
 * https://github.com (`<mirror>/prometheus/prometheus/releases/download/v3.9.1/…`) or says `off`.
 *
 * Throws PROGRAM_HASH_MISMATCH where another archive comes than the pinned one: that is nothing to pass over.
 */
export async function fetchRelease(
  name: ProgramName,
  version: string | undefined,
  env: Environment,
  pins: readonly PinnedRelease[],
  options: DownloadOptions = {},
): Promise<FoundProgram | FailedTry> {
  const what = "official release";
  const base = (env["PROMFLEET_RELEASES"] || "https://github.com").replace(/\/+$/, "");
  if (base === "off") return { what, why: "is switched off by PROMFLEET_RELEASES=off" };
  const platform = platformOf(process.platform, process.arch);
  if (platform === undefined)
    return { what, why: `there is none for ${process.platform} on ${process.arch}` };
  const ofProgram = pins.filter((pin) => pin.name === name && pin.sha256[platform] !== undefined);
  const newest = ofProgram
    .filter((pin) => matchesVersion(pin.version, version))
    .toSorted((one, other) => compareVersions(other.version, one.version))[0];
  const sha256 = newest?.sha256[platform];
  if (newest === undefined || sha256 === undefined) {
    const known = ofProgram.map((pin) => pin.version).join(", ") || "none";
    return { what, why: `no pinned checksum for ${version ?? name} on ${platform} (pinned: ${known})` };
  }

  const file = `${name}-${newest.version}.${platform}.tar.gz`;
  const url = `${base}/prometheus/${name}/releases/download/v${newest.version}/${file}`;
  const { companion } = programs[name];
  const wanted = companion === undefined ? [name] : [name, companion];
  try {
    return await makeCacheEntry(name, "release", env, async (entry, scratch) => {
      const archive = path.join(scratch, "archive.tar.gz");
      const sum = await download(url, archive, options);
      if (sum !== sha256)
        throw new PromfleetError({
          code: "PROGRAM_HASH_MISMATCH",
          message: `${url} has SHA-256 ${sum}, and ${sha256} is pinned`,
        });
      await unpackFiles(archive, wanted, entry);
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof PromfleetError) throw error;
    return { what: url, why: error instanceof Error ? error.message : String(error) };
  }
}
