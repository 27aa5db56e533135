import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/**
 * Which process it is. A process id alone is reused; together with the moment of the start it is not: whoever has both is the
 * process that was meant, however it is called and whatever it listens on.
 */
export interface ProcessIdentity {
  pid: number;
  /** Opaque: boot and start time as this system counts them. */
  started: string;
}

/** The process that has this id now; undefined when there is none, or only its exit status is left (a zombie). */
export function identify(pid: number): ProcessIdentity | undefined {
  const started = process.platform === "linux" ? startedOnLinux(pid) : startedByPs(pid);
  return started === undefined ? undefined : { pid, started };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started;
}

/** Sends a signal if the process is still the one that is meant. @returns whether it was sent */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch {
    // it ended in between
    return false;
  }
}

/** Environment variable by which a process is found whose start was begun but whose id never was written down. */
export const markerVariable = "PROMFLEET_PROCESS";

/** The process that was started with this marker. It hands the marker down to its children: the eldest is meant. */
export function findByMarker(marker: string): ProcessIdentity | undefined {
  const found = pidsWith(`${markerVariable}=${marker}`)
    .map((pid) => ({ identity: identify(pid), age: startOrder(pid) }))
    .filter(({ identity }) => identity !== undefined)
    .toSorted((a, b) => a.age - b.age);
  return found[0]?.identity;
}

let bootId: string | undefined;

function startedOnLinux(pid: number): string | undefined {
  const fields = statFields(pid);
  // the state is field 3 of proc(5); what follows the command's name starts there
  if (!fields || fields[0] === "Z" || fields[0] === "X") return undefined;
  bootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return `${bootId}:${fields[startTimeField]}`;
}

/** Field 22 of proc(5), counted from field 3. */
const startTimeField = 19;

/** Fields of /proc/<pid>/stat after the command's name, which may hold blanks and parentheses itself. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

function startedByPs(pid: number): string | undefined {
  try {
    const text = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
    const [state = "", ...start] = text.split(/\s+/);
    return text === "" || state.startsWith("Z") ? undefined : start.join(" ");
  } catch {
    return undefined;
  }
}

function startOrder(pid: number): number {
  return process.platform === "linux" ? Number(statFields(pid)?.[startTimeField]) : pid;
}

function pidsWith(setting: string): number[] {
  return process.platform === "linux" ? pidsWithOnLinux(setting) : pidsWithByPs(setting);
}

function pidsWithOnLinux(setting: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(setting);
      } catch {
        // gone meanwhile, or somebody else's
        return false;
      }
    })
    .map(Number);
}

function pidsWithByPs(setting: string): number[] {
  try {
    return execFileSync("ps", ["-axwwE", "-o", "pid=,command="], {
      encoding: "utf8",
      maxBuffer: 64 * 1024 ** 2,
      stdio: ["ignore", "pipe", "ignore"],
    })
      .split("\n")
      .filter((line) => line.includes(setting))
      .map((line) => Number.parseInt(line, 10));
  } catch {
    return [];
  }
}
