import { generateKeyPairSync, randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { Agent, request } from "undici";
import { freePort } from "../../src/local/free-port.ts";
import { start, type Started } from "./processes.ts";
import { cachedProgram } from "./programs.ts";
import { type Ran, run } from "./promfleet.ts";
import { until } from "./until.ts";

/** ms; on a machine that is busy with other things. */
const startsWithin = 90_000;

export interface Heard {
  status: number;
  /** As the API server sends it; a refusal is a Status. */
  body: unknown;
}

/** A real API server with its etcd, and nothing that would make anything of its objects: no controllers, no nodes. */
export class ApiServer implements AsyncDisposable {
  /** Of its admin. */
  readonly kubeconfig: string;
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  readonly token: string;
  readonly #processes: readonly Started[];
  readonly #agent: Agent;

  private constructor(
    access: { kubeconfig: string; url: string; ca: string; token: string },
    processes: readonly Started[],
  ) {
    this.kubeconfig = access.kubeconfig;
    this.url = access.url;
    this.ca = access.ca;
    this.token = access.token;
    this.#processes = processes;
    this.#agent = new Agent({ connect: { ca: access.ca } });
  }

  /** @param folder of its state; made @throws ProgramMissing, or when it does not become ready in time */
  static async start(folder: string): Promise<ApiServer> {
    const etcd = cachedProgram("node", "", "usr/bin/etcd");
    const hyperkube = cachedProgram("hyperkube");
    await mkdir(folder, { recursive: true });
    const [port, client, peer] = [await freeLocalPort(), await freeLocalPort(), await freeLocalPort()];
    const file = (name: string): string => path.join(folder, name);
    const [clients, peers] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
    const token = randomUUID();
    const keys = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    await Promise.all([
      writeFile(file("tokens.csv"), `${token},admin,admin,system:masters\n`, { mode: 0o600 }),
      writeFile(file("sa.key"), keys.privateKey, { mode: 0o600 }),
      writeFile(file("sa.pub"), keys.publicKey),
    ]);
    const database = start(
      etcd,
      [
        `--data-dir=${file("etcd")}`,
        `--listen-client-urls=${clients}`,
        `--advertise-client-urls=${clients}`,
        `--listen-peer-urls=${peers}`,
        `--initial-advertise-peer-urls=${peers}`,
        `--initial-cluster=default=${peers}`,
        "--unsafe-no-fsync",
      ],
      { log: file("etcd.log") },
    );
    const server = start(
      hyperkube,
      [
        "apiserver",
        `--etcd-servers=${clients}`,
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        `--secure-port=${port}`,
        `--cert-dir=${file("pki")}`,
        `--token-auth-file=${file("tokens.csv")}`,
        `--service-account-key-file=${file("sa.pub")}`,
        `--service-account-signing-key-file=${file("sa.key")}`,
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--authorization-mode=RBAC",
        // nobody makes the accounts that it waits for
        "--disable-admission-plugins=ServiceAccount",
      ],
      { log: file("apiserver.log") },
    );
    const processes = [server, database];
    try {
      const url = `https://127.0.0.1:${port}`;
      const certificate = file("pki/apiserver.crt");
      await until("the API server has made its certificate", startsWithin, () => existsSync(certificate));
      const ca = readFileSync(certificate, "utf8");
      const kubeconfig = file("admin.conf");
      await writeFile(kubeconfig, kubeconfigText({ url, ca, token }), { mode: 0o600 });
      const started = new ApiServer({ kubeconfig, url, ca, token }, processes);
      await until("the API server is ready", startsWithin, async () => {
        const { status } = await started.ask("GET", "/readyz");
        return status === 200;
      });
      return started;
    } catch (error) {
      await Promise.all(processes.map(async (one) => await one.kill()));
      throw error;
    }
  }

  /** One request as its admin. @param body sent as it is */
  async ask(
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    where: string,
    body?: { type: string; text: string },
  ): Promise<Heard> {
    const answer = await request(`${this.url}${where}`, {
      method,
      dispatcher: this.#agent,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body && { "content-type": body.type }),
      },
      body: body?.text ?? null,
      headersTimeout: 20_000,
    });
    const text = await answer.body.text();
    const isJson = String(answer.headers["content-type"]).includes("json");
    return { status: answer.statusCode, body: isJson ? JSON.parse(text) : text };
  }

  /** As its admin. */
  async kubectl(args: readonly string[], stdin?: string): Promise<Ran> {
    const words = ["kubectl", `--kubeconfig=${this.kubeconfig}`, ...args];
    return await run(words, stdin === undefined ? {} : { stdin });
  }

  /** The text of a kubeconfig for somebody else. */
  kubeconfigFor(token: string): string {
    return kubeconfigText({ url: this.url, ca: this.ca, token });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
    for (const one of this.#processes) await one.kill();
  }
}

async function freeLocalPort(): Promise<number> {
  return await freePort("127.0.0.1");
}

function kubeconfigText({ url, ca, token }: { url: string; ca: string; token: string }): string {
  const name = "api-server";
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name, cluster: { server: url, "certificate-authority-data": Buffer.from(ca).toString("base64") } },
    ],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  });
}
