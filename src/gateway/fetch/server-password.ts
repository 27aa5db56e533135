import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import type { Topology } from "../../topology/topology.ts";
import type { Authorization } from "./http-client.ts";

/** ms between two looks at the file. */
const lookEvery = 1000;

/**
 * Authorizes requests to servers as the topology says, with the password as it stands in its file at the moment. A file that can not be
 * read leaves what was read last: the servers tell whether it is still right.
 * @param folder what the file's name is relative to
 */
export function serverPassword(serverAuth: () => Topology["serverAuth"], folder: string): Authorization {
  let looked = Number.NEGATIVE_INFINITY;
  let seen = "";
  let value: string | undefined;
  return () => {
    const asked = serverAuth();
    if (!asked) return undefined;
    const now = performance.now();
    if (now - looked < lookEvery) return value;
    looked = now;
    const file = path.resolve(folder, asked.passwordFile);
    try {
      const { ino, mtimeMs, size } = statSync(file);
      const state = `${file} ${asked.username} ${ino} ${mtimeMs} ${size}`;
      if (state === seen) return value;
      const password = readFileSync(file, "utf8").trim();
      value = `Basic ${Buffer.from(`${asked.username}:${password}`).toString("base64")}`;
      seen = state;
    } catch {
      // what was read last
    }
    return value;
  };
}
