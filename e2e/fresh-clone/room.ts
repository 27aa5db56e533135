import { cp, mkdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { run } from "../harness/promfleet.ts";

/** A place with Node 20, npm, make, git and little else, in which nobody has ever run promfleet. */
export interface Room {
  /** What it is, for the report. */
  description: string;
  /** Words that run a command in it. */
  enter: readonly string[];
  /** A folder of the machine that is `inside` in the room. */
  outside: string;
  inside: string;
}

/** Settings of the machine that say how packages are reached: a room without them reaches none. */
const inherited =
  /^(https?_proxy|no_proxy|npm_config_.*|GOPROXY|GOSUMDB|GONOSUMDB|GONOSUMCHECK|GOFLAGS|GOINSECURE|LANG|.*_CA_.*|SSL_CERT_.*|GIT_SSL_.*|DEBIAN_FRONTEND)$/i;

const settings = [
  "/etc/apt",
  "/etc/ssl",
  "/etc/hosts",
  "/etc/resolv.conf",
  "/usr/share/keyrings",
  "/usr/local/share/ca-certificates",
];

function roomEnvironment(home: string, searchPath: string): string[] {
  const kept = Object.entries(process.env).filter(([name]) => inherited.test(name));
  return [
    ...kept.map(([name, value]) => `${name}=${value}`),
    `HOME=${home}`,
    `PATH=${searchPath}`,
    "TERM=dumb",
  ];
}

/** The machine's Node 20, and the npm that came with it. */
async function machineNode(): Promise<{ node: string; npm: string }> {
  for (const folder of (process.env["PATH"] ?? "").split(":")) {
    const node = path.join(folder, "node");
    if (!existsSync(node) || !existsSync(path.join(folder, "npm"))) continue;
    const { stdout } = await run([node, "--version"]);
    if (!/^v2[0-2]\./.test(stdout)) continue;
    const npm = await realpath(path.join(folder, "npm"));
    return { node: await realpath(node), npm: path.dirname(path.dirname(npm)) };
  }
  throw new Error("no Node 20 to 22 with npm on PATH: it is what a fresh clone is tried with");
}

/** This machine, with a home of its own and a PATH without anything that was installed by hand. */
export async function plainRoom(folder: string): Promise<Room> {
  const { node, npm } = await machineNode();
  const bin = path.join(folder, "bin");
  await mkdir(bin, { recursive: true });
  await symlink(node, path.join(bin, "node"));
  for (const name of ["npm", "npx"])
    await symlink(path.join(npm, `bin/${name}-cli.js`), path.join(bin, name));
  const home = path.join(folder, "home");
  await mkdir(home);
  await copySettings(folder);
  const environment = roomEnvironment(home, `${bin}:/usr/bin:/bin`);
  const description = "this machine with an empty home";
  return { description, enter: ["env", "-i", ...environment], outside: folder, inside: folder };
}

/** A Debian of its own. Needs root, and packages of the machine's own sources. */
export async function debianRoom(folder: string): Promise<Room> {
  const root = path.join(folder, "debian");
  const said = await succeed([
    "apt-get",
    "indextargets",
    "--format",
    "$(SITE) $(RELEASE) $(COMPONENT) $(ORIGIN)",
    "Created-By: Packages",
  ]);
  const [site, release] =
    said
      .split("\n")
      .find((line) => line.endsWith(" main Debian"))
      ?.split(" ") ?? [];
  if (site === undefined || release === undefined) throw new Error("apt knows no Debian");
  await succeed(["apt-get", "download", "debootstrap"], folder);
  await succeed(["sh", "-c", "dpkg -x debootstrap_*.deb debootstrap"], folder);
  const tool = path.join(folder, "debootstrap");
  await succeed([
    "env",
    `DEBOOTSTRAP_DIR=${tool}/usr/share/debootstrap`,
    `${tool}/usr/sbin/debootstrap`,
    "--variant=minbase",
    "--include=make,git,ca-certificates,libstdc++6",
    release,
    root,
    site,
  ]);
  const { node, npm } = await machineNode();
  await cp(node, path.join(root, "usr/local/bin/node"));
  await cp(npm, path.join(root, "usr/local/lib/node_modules/npm"), { recursive: true });
  for (const name of ["npm", "npx"])
    await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, path.join(root, `usr/local/bin/${name}`));
  for (const setting of settings.filter((one) => existsSync(one))) {
    await rm(path.join(root, setting), { recursive: true, force: true });
    await cp(setting, path.join(root, setting), { recursive: true, dereference: true });
  }
  await mkdir(path.join(root, "room"));
  await copySettings(path.join(root, "room"));
  // in a process namespace of its own, so that nothing outlives the command
  const script = `mount -t proc proc ${root}/proc && mount --rbind /dev ${root}/dev && exec chroot ${root} "$@"`;
  const unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "sh", "-c", script, "sh"];
  const environment = roomEnvironment("/root", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
  return {
    description: `a Debian ${release} of its own`,
    enter: [...unshare, "/usr/bin/env", "-i", ...environment],
    outside: path.join(root, "room"),
    inside: "/room",
  };
}

/** npm's own settings of this user, for steps.sh to lay into every home. */
async function copySettings(folder: string): Promise<void> {
  const npmrc = path.join(os.homedir(), ".npmrc");
  if (existsSync(npmrc)) await writeFile(path.join(folder, "npmrc"), await readFile(npmrc), { mode: 0o600 });
}

async function succeed(words: readonly string[], cwd?: string): Promise<string> {
  const ran = await run(words, { withinMs: 15 * 60_000, ...(cwd === undefined ? {} : { cwd }) });
  if (ran.code === 0) return ran.stdout;
  throw new Error(`${words.slice(0, 3).join(" ")}: ${`${ran.stdout}${ran.stderr}`.trim().slice(-400)}`);
}
