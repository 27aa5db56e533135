import { homedir } from "node:os";
import path from "node:path";
import type { Environment } from "./program.ts";

/** `$PROMFLEET_CACHE`, else `$XDG_CACHE_HOME/promfleet`, else `~/.cache/promfleet`. Absolute; may not exist yet. */
export function cacheFolder(env: Environment): string {
  if (env["PROMFLEET_CACHE"]) return path.resolve(env["PROMFLEET_CACHE"]);
  // The XDG specification has relative paths ignored.
  const xdg = env["XDG_CACHE_HOME"];
  if (xdg !== undefined && path.isAbsolute(xdg)) return path.join(xdg, "promfleet");
  return path.join(env["HOME"] || homedir(), ".cache", "promfleet");
}

/** Holds one folder a program and version: `<name>-<version>/<binary>`. Names that begin with a dot are work in progress. */
export function programsFolder(env: Environment): string {
  return path.join(cacheFolder(env), "programs");
}
