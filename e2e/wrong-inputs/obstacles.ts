import { chmod, chown, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import { programsFolder } from "../harness/programs.ts";
import { type Running, promfleetProgram, run } from "../harness/promfleet.ts";

/** What is in a command's way on the machine, until it is disposed of. */
export interface Obstacle extends AsyncDisposable {
  /** Why it cannot be had here. */
  missing?: string;
  /** The taken port; "" if none is. */
  port: string;
  /** How the command is to be run. */
  running: Running;
}

/** Nobody: root reads and writes whatever the modes say. */
const nobody = 65_534;

const none: Obstacle = { port: "", running: {}, [Symbol.asyncDispose]: () => Promise.resolve() };

const obstacles = {
  "unreadable fleet.yaml": async (folder: string) => {
    await chmod(path.join(folder, "fleet.yaml"), 0o000);
    return await asNobody(folder);
  },
  "read-only folder": async (folder: string) => {
    await mkdir(path.join(folder, "readonly"));
    await chmod(path.join(folder, "readonly"), 0o555);
    return await asNobody(folder);
  },
  "full disk": fullDisk,
  "taken port": takenPort,
} satisfies Record<string, (folder: string) => Promise<Obstacle>>;

export type ObstacleName = keyof typeof obstacles;

/** Puts something in the way of a command that runs in the folder. */
export async function putInTheWay(name: ObstacleName | undefined, folder: string): Promise<Obstacle> {
  return name === undefined ? none : await obstacles[name](folder);
}

/** To run as a user whom file modes bind, where this one is root; the folder is not his, but all may read and write in it. */
async function asNobody(folder: string): Promise<Obstacle> {
  if (process.getuid?.() !== 0) return none;
  const through = ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", "--"];
  const tried = await run([...through, "test", "-x", promfleetProgram]);
  if (tried.code !== 0) return { ...none, missing: "another user cannot run promfleet from this checkout" };
  const parent = path.dirname(folder);
  const cache = path.join(parent, "cache");
  // root's own cache is behind a folder that nobody else may enter
  await cp(programsFolder(), path.join(cache, "programs"), { recursive: true, force: false });
  await chmod(parent, 0o755);
  await chown(folder, nobody, nobody);
  const env = {
    PROMFLEET_CACHE: cache,
    HOME: "/nonexistent",
    NODE_COMPILE_CACHE: undefined,
    XDG_CACHE_HOME: undefined,
  };
  return { ...none, running: { through, env } };
}

/** A file system on which nothing fits any more. */
async function fullDisk(folder: string): Promise<Obstacle> {
  const mount = path.join(folder, "full");
  await mkdir(mount);
  const mounted = await run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "none", mount]);
  if (mounted.code !== 0) return { ...none, missing: "no file system may be mounted here" };
  await writeFile(path.join(mount, "filler"), Buffer.alloc(60 << 10));
  const unmount = async () => void (await run(["umount", "-l", mount]));
  return { ...none, [Symbol.asyncDispose]: unmount };
}

/** Listens on a free port, and writes its number into fleet.yaml. */
async function takenPort(folder: string): Promise<Obstacle> {
  const server = net.createServer();
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  const port = String(address.port);
  const file = path.join(folder, "fleet.yaml");
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text !== undefined) await writeFile(file, text.replace("PORT", port));
  const close = async () => {
    const closed = Promise.withResolvers<void>();
    server.close(() => closed.resolve());
    await closed.promise;
  };
  return { port, running: {}, [Symbol.asyncDispose]: close };
}
