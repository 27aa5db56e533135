import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { z } from "zod";
import { PromfleetError } from "../errors/promfleet-error.ts";
import type { ClusterAccess } from "./cluster-access.ts";
import { inClusterAccess } from "./in-cluster.ts";

const text = z.string().optional();

const execSchema = z.object({
  apiVersion: z.string(),
  command: z.string(),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  provideClusterInfo: z.boolean().optional(),
});

const cluster = z.object({
  server: z.string(),
  "certificate-authority": text,
  "certificate-authority-data": text,
  "insecure-skip-tls-verify": z.boolean().optional(),
  "tls-server-name": text,
  "proxy-url": text,
});

const user = z.object({
  "client-certificate": text,
  "client-certificate-data": text,
  "client-key": text,
  "client-key-data": text,
  token: text,
  tokenFile: text,
  exec: execSchema.nullish(),
  "auth-provider": z.unknown().optional(),
  username: text,
  password: text,
  as: text,
  "as-uid": text,
  "as-groups": z.unknown().optional(),
  "as-user-extra": z.unknown().optional(),
});

const context = z.object({ cluster: z.string(), user: text, namespace: text });

const fileSchema = z.object({
  "current-context": z.string().nullish(),
  clusters: z.array(z.object({ name: z.string(), cluster })).nullish(),
  users: z.array(z.object({ name: z.string(), user: user.nullish() })).nullish(),
  contexts: z.array(z.object({ name: z.string(), context })).nullish(),
});

type Cluster = z.output<typeof cluster>;
type User = z.output<typeof user>;

/** What is in a kubeconfig by its name, with the folder of the file that it stands in. */
interface Entries<Value> {
  [name: string]: { value: Value; folder: string };
}

interface Merged {
  current: string | undefined;
  clusters: Entries<Cluster>;
  users: Entries<User>;
  contexts: Entries<z.output<typeof context>>;
}

export interface AccessOptions {
  /** Path of one file; undefined: $KUBECONFIG, else ~/.kube/config, else the pod's own service account. */
  kubeconfig?: string | undefined;
  context?: string | undefined;
  namespace?: string | undefined;
  env?: NodeJS.ProcessEnv;
}

/**
 * The cluster that kubectl would speak to.
 * @throws PromfleetError KUBECONFIG_INVALID
 */
export async function clusterAccess(options: AccessOptions): Promise<ClusterAccess> {
  const env = options.env ?? process.env;
  const files = filesOf(options.kubeconfig, env);
  const merged = await readAll(files);
  const name = options.context ?? merged.current;
  if (name === undefined || name === "") {
    const inside = options.kubeconfig === undefined ? await inClusterAccess(env) : undefined;
    if (inside) return { ...inside, namespace: options.namespace ?? inside.namespace };
    throw invalid(`no cluster is named: ${files.join(", ")} has no current-context, or is not there`);
  }
  const chosen = merged.contexts[name]?.value;
  if (!chosen) throw invalid(`there is no context ${JSON.stringify(name)}${oneOf(merged.contexts)}`);
  const where = merged.clusters[chosen.cluster];
  if (!where)
    throw invalid(
      `context ${JSON.stringify(name)} names the cluster ${JSON.stringify(chosen.cluster)}, which is not there`,
    );
  const who = chosen.user === undefined ? undefined : merged.users[chosen.user];
  if (chosen.user !== undefined && !who)
    throw invalid(
      `context ${JSON.stringify(name)} names the user ${JSON.stringify(chosen.user)}, who is not there`,
    );
  return {
    server: serverOf(where.value),
    ...(await identityOf(where, who, env)),
    namespace: options.namespace ?? chosen.namespace ?? "default",
  };
}

function filesOf(named: string | undefined, env: NodeJS.ProcessEnv): string[] {
  if (named !== undefined) return [named];
  const listed = (env["KUBECONFIG"] ?? "").split(path.delimiter).filter((one) => one !== "");
  return listed.length > 0 ? listed : [path.join(env["HOME"] ?? os.homedir(), ".kube/config")];
}

/** Of several files the first that says something counts. One of several may be absent. */
async function readAll(files: readonly string[]): Promise<Merged> {
  const merged: Merged = { current: undefined, clusters: {}, users: {}, contexts: {} };
  for (const file of files) {
    const content = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw invalid(`cannot read ${file}: ${error.code}`);
    });
    if (content === undefined) continue;
    const parsed = fileSchema.safeParse(yamlOf(content, file));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw invalid(`${file}: ${issue?.path.join(".")}: ${issue?.message}`);
    }
    const { data } = parsed;
    const folder = path.dirname(path.resolve(file));
    merged.current ??= data["current-context"] || undefined;
    for (const { name, cluster: value } of data.clusters ?? []) merged.clusters[name] ??= { value, folder };
    for (const { name, user: value } of data.users ?? [])
      merged.users[name] ??= { value: value ?? {}, folder };
    for (const { name, context: value } of data.contexts ?? []) merged.contexts[name] ??= { value, folder };
  }
  return merged;
}

function yamlOf(content: string, file: string): unknown {
  try {
    return parse(content) ?? {};
  } catch {
    // what the parser says quotes the text, which may be a key
    throw invalid(`${file} is no YAML`);
  }
}

function serverOf({ server, "proxy-url": proxy }: Cluster): string {
  if (proxy !== undefined)
    throw invalid("the cluster is behind a proxy-url, which promfleet does not speak to");
  if (!URL.canParse(server)) throw invalid(`${JSON.stringify(server)} is no URL of a server`);
  return server.replace(/\/+$/, "");
}

async function identityOf(
  { value: of, folder }: Entries<Cluster>[string],
  who: Entries<User>[string] | undefined,
  env: NodeJS.ProcessEnv,
): Promise<Pick<ClusterAccess, "tls" | "token">> {
  const ca = await dataOrFile(of["certificate-authority-data"], of["certificate-authority"], folder);
  const name = of["tls-server-name"];
  const common = {
    ...(ca !== undefined && { ca }),
    ...(of["insecure-skip-tls-verify"] && { rejectUnauthorized: false }),
    ...(name !== undefined && { servername: name }),
  };
  if (!who) return { tls: common, token: undefined };
  const { value } = who;
  // whoever asks as somebody else is not to ask as himself
  const unknown = (["username", "password", "as", "as-uid", "as-groups", "as-user-extra"] as const).find(
    (key) => value[key] !== undefined,
  );
  if (unknown !== undefined) throw invalid(`the user has ${unknown}, which promfleet does not know`);
  if (value["auth-provider"] !== undefined)
    throw invalid("the user has an auth-provider, which Kubernetes itself took out: use exec");
  const cert = await dataOrFile(value["client-certificate-data"], value["client-certificate"], who.folder);
  const key = await dataOrFile(value["client-key-data"], value["client-key"], who.folder);
  if (value.exec) {
    const source = new ExecCredential(value.exec, who.folder, env);
    const first = await source.get();
    const certificate = {
      ...(first.cert !== undefined && { cert: first.cert }),
      ...(first.key !== undefined && { key: first.key }),
    };
    return {
      tls: { ...common, ...certificate },
      token: first.token === undefined ? undefined : async () => (await source.get()).token ?? "",
    };
  }
  const { token, tokenFile } = value;
  return {
    tls: { ...common, ...(cert !== undefined && { cert }), ...(key !== undefined && { key }) },
    token:
      tokenFile !== undefined
        ? async () => (await fileText(path.resolve(who.folder, tokenFile))).trim()
        : token === undefined
          ? undefined
          : async () => await Promise.resolve(token),
  };
}

async function dataOrFile(
  data: string | undefined,
  file: string | undefined,
  folder: string,
): Promise<string | undefined> {
  if (data !== undefined && data !== "") return Buffer.from(data, "base64").toString("utf8");
  return file === undefined || file === "" ? undefined : await fileText(path.resolve(folder, file));
}

async function fileText(file: string): Promise<string> {
  return await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw invalid(`cannot read ${file}: ${error.code}`);
  });
}

const credentialSchema = z.object({
  kind: z.literal("ExecCredential"),
  status: z.object({
    token: text,
    clientCertificateData: text,
    clientKeyData: text,
    expirationTimestamp: text,
  }),
});

interface Credential {
  token: string | undefined;
  cert: string | undefined;
  key: string | undefined;
}

/** ms before its end that a credential is asked for anew, and that the program may take. */
const early = 30_000;
const execTimeout = 60_000;

/** What a program says that kubectl, too, would ask. */
class ExecCredential {
  readonly #exec: z.output<typeof execSchema>;
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;
  #last: { credential: Credential; until: number } | undefined;
  #asking: Promise<Credential> | undefined;

  constructor(exec: z.output<typeof execSchema>, folder: string, env: NodeJS.ProcessEnv) {
    this.#exec = exec;
    this.#folder = folder;
    this.#env = env;
  }

  async get(): Promise<Credential> {
    if (this.#last && Date.now() < this.#last.until) return this.#last.credential;
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    return await this.#asking;
  }

  async #ask(): Promise<Credential> {
    const { command, args, env, apiVersion } = this.#exec;
    // as kubectl has it: a path is relative to the file, a name is looked for
    const program = command.includes("/") ? path.resolve(this.#folder, command) : command;
    const info = { apiVersion, kind: "ExecCredential", spec: { interactive: false } };
    const own = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
    let said: string;
    try {
      const { stdout } = await promisify(execFile)(program, [...(args ?? [])], {
        env: { ...this.#env, ...own, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
        timeout: execTimeout,
        maxBuffer: 1024 ** 2,
      });
      said = stdout;
    } catch (error) {
      const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
      throw invalid(
        `${program}, which tells who asks, fails (${code}): ${(stderr ?? "").trim().slice(0, 300)}`,
      );
    }
    const parsed = credentialSchema.safeParse(jsonOf(said));
    if (!parsed.success) throw invalid(`${program} does not say an ExecCredential`);
    const {
      token,
      clientCertificateData: cert,
      clientKeyData: key,
      expirationTimestamp: end,
    } = parsed.data.status;
    const credential = { token, cert, key };
    const until = end === undefined ? Number.POSITIVE_INFINITY : Date.parse(end) - early;
    this.#last = { credential, until };
    return credential;
  }
}

function jsonOf(said: string): unknown {
  try {
    return JSON.parse(said);
  } catch {
    return undefined;
  }
}

function oneOf(entries: Entries<unknown>): string {
  const names = Object.keys(entries);
  return names.length === 0 ? "" : `; there is ${names.join(", ")}`;
}

function invalid(message: string): PromfleetError {
  return new PromfleetError({ code: "KUBECONFIG_INVALID", message });
}
