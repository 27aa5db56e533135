import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { promisify } from "node:util";
import { markedEnvironment } from "../harness/processes.ts";
import { checkout } from "../harness/workplace.ts";

const script = path.join(checkout, "e2e/testbed/cluster.sh");
const run = promisify(execFile);

export interface ClusterOptions {
  /** Its state; removed when it is taken down. */
  folder: string;
  /** Docker archives that every node gets. */
  images: readonly string[];
  /** Where its logs stay. */
  logs: string;
  /** 2 where it is left out; each in a zone of its own. */
  nodes?: number;
}

/** A Kubernetes cluster of this machine's own: two nodes in two zones. */
export class Cluster implements AsyncDisposable {
  readonly #env: NodeJS.ProcessEnv;

  constructor({ folder, images, logs, nodes = 2 }: ClusterOptions) {
    this.#env = markedEnvironment({
      TESTBED_STATE: folder,
      IMAGES: images.join(" "),
      KEEP_LOGS: logs,
      NODES: String(nodes),
    });
  }

  async up(): Promise<void> {
    await this.#run("up");
  }

  async down(): Promise<void> {
    await this.#run("down");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }

  /** Inside its network, as its admin. @returns what it prints @throws with what it says on stderr */
  async exec(...command: readonly string[]): Promise<string> {
    const { stdout } = await run(script, ["exec", ...command], { env: this.#env, maxBuffer: 64 << 20 });
    return stdout;
  }

  /** Kills one of its parts, "apiserver" or "kubelet-1", and starts it again. */
  async restart(part: string): Promise<void> {
    await this.#run("restart", part);
  }

  /** Kills the process of a container, as an accident would. */
  async killContainer(pod: string, container: string): Promise<void> {
    await this.#run("kill", pod, container);
  }

  /** Server-side, as everything of promfleet's is applied. */
  async apply(objects: readonly unknown[]): Promise<void> {
    const command = [
      "exec",
      "kubectl",
      "apply",
      "--server-side",
      "--field-manager=e2e",
      "--force-conflicts",
      "-f",
      "-",
    ];
    const child = spawn(script, command, { env: this.#env, stdio: ["pipe", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.stdin.end(JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new Error(`kubectl apply: ${said.trim()}`);
  }

  // its processes outlive the script: they are not to hold pipes of this one
  async #run(verb: string, ...words: readonly string[]): Promise<void> {
    const child = spawn(script, [verb, ...words], {
      env: this.#env,
      stdio: ["ignore", "inherit", "inherit"],
    });
    const [code] = (await once(child, "exit")) as [number | null];
    if (code !== 0) throw new Error(`cluster.sh ${verb}: exit code ${code}`);
  }
}
