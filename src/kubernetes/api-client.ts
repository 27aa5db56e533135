import { setTimeout as pause } from "node:timers/promises";
import type { Agent as AgentClass, Dispatcher } from "undici";
// the rest of undici takes 13 MB of memory
import request from "undici/lib/api/api-request.js";
import Agent from "undici/lib/dispatcher/agent.js";
import {
  isMap,
  type LiveObject,
  listAt,
  type ObjectRef,
  refText,
  type ResourceKind,
  textAt,
} from "./api-object.ts";
import { ApiRefusal, ApiUnreachable, isRefusal } from "./api-refusal.ts";
import type { ClusterAccess } from "./cluster-access.ts";
import { pathOf } from "./resource-kinds.ts";

/** Who has set what, as the API server keeps books of it. */
export const fieldManager = "promfleet";

/** Of the API server, as RBAC names them. */
export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete";

export interface Selection {
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}

export interface Listed {
  items: LiveObject[];
  /** From which a watch goes on. */
  resourceVersion: string;
}

/** What a watch tells of. */
export type WatchEvent =
  /** The API server has taken it. */
  | { type: "OPENED" }
  | { type: "ADDED" | "MODIFIED" | "DELETED"; object: LiveObject }
  | { type: "BOOKMARK"; resourceVersion: string };

interface Request {
  verb: Verb;
  resource: ResourceKind;
  /** As RBAC names it: "pods/eviction" where it is not the object itself. */
  sub?: string;
  path: string;
  /** For people: "read Secret fleet/main-0-a". */
  what: string;
  query?: Readonly<Record<string, string>>;
  body?: unknown;
  contentType?: string;
  /** Whether doing it twice is doing it once. */
  repeatable: boolean;
  signal?: AbortSignal | undefined;
}

/** ms that an answer may take. */
const timeout = 15_000;
/** Bytes of an answer. */
const largest = 64 * 1024 ** 2;
/** Objects of a page. */
const pageSize = 500;
/** How often a request is made that can be repeated, and ms before the second time, doubled each time. */
const attempts = 4;
const firstPause = 100;
/** s for which a watch is asked, at least; ms without a byte after which it is asked for anew: the connection may be dead. */
const watchSeconds = 300;
const watchSilence = 90_000;
/** Bytes of a line of a watch. */
const longestLine = 16 * 1024 ** 2;

/** Speaks to an API server. Every call is counted by its verb and what it is about. */
export class ApiClient {
  readonly namespace: string;
  readonly #access: ClusterAccess;
  readonly #agent: AgentClass;
  readonly #counts = new Map<string, { verb: Verb; group: string; resource: string; count: number }>();

  constructor(access: ClusterAccess) {
    this.#access = access;
    this.namespace = access.namespace;
    this.#agent = new Agent({
      connect: { ...access.tls, timeout: 5000 },
      // a watch has a connection of its own: one that is stuck stops no other
      allowH2: false,
      headersTimeout: timeout,
      bodyTimeout: timeout,
      keepAliveTimeout: 30_000,
    });
  }

  get server(): string {
    return this.#access.server;
  }

  /** How often what was asked for, since the beginning: verb, API group and resource as RBAC names them. */
  get calls(): readonly { verb: Verb; group: string; resource: string; count: number }[] {
    return [...this.#counts.values()];
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  /** @returns undefined where there is none @throws ApiRefusal, ApiUnreachable */
  async get(ref: ObjectRef, signal?: AbortSignal): Promise<LiveObject | undefined> {
    try {
      return asObject(
        await this.#json({
          verb: "get",
          what: `read ${refText(ref)}`,
          repeatable: true,
          ...this.#at(ref),
          signal,
        }),
        ref.resource,
      );
    } catch (error) {
      if (isRefusal(error, 404)) return undefined;
      throw error;
    }
  }

  /** All of a kind, page by page. @throws ApiRefusal, ApiUnreachable */
  async list(resource: ResourceKind, selection: Selection = {}, signal?: AbortSignal): Promise<Listed> {
    const items: LiveObject[] = [];
    let restarts = 0;
    for (let next = ""; ;) {
      const page = await this.#json({
        verb: "list",
        resource,
        path: pathOf(resource, selection.namespace),
        what: `list ${resource.plural}`,
        query: { ...selectors(selection), limit: String(pageSize), ...(next !== "" && { continue: next }) },
        repeatable: true,
        signal,
      }).catch((error: unknown) => {
        // what came before is of a moment that the API server has forgotten
        if (!isRefusal(error, 410) || next === "" || ++restarts === attempts) throw error;
        return undefined;
      });
      if (page === undefined) {
        items.length = 0;
        next = "";
        continue;
      }
      // items of a list say neither what they are nor of which version
      for (const item of listAt(page, "items")) items.push(asObject(item, resource));
      next = textAt(page, "metadata", "continue") ?? "";
      if (next === "") return { items, resourceVersion: textAt(page, "metadata", "resourceVersion") ?? "" };
    }
  }

  /** Server-side apply: what others have set stays. @throws ApiRefusal, ApiUnreachable */
  async apply(
    ref: ObjectRef,
    object: unknown,
    options: { dryRun?: boolean; status?: boolean; manager?: string; signal?: AbortSignal | undefined } = {},
  ): Promise<LiveObject> {
    const answer = await this.#json({
      verb: "patch",
      ...this.#at(ref, options.status ? "status" : undefined),
      what: `apply ${refText(ref)}`,
      query: {
        fieldManager: options.manager ?? fieldManager,
        force: "true",
        ...(options.dryRun && { dryRun: "All" }),
      },
      body: object,
      contentType: "application/apply-patch+yaml",
      repeatable: true,
      signal: options.signal,
    });
    return asObject(answer, ref.resource);
  }

  /** JSON merge patch. @throws ApiRefusal, ApiUnreachable */
  async merge(ref: ObjectRef, patch: unknown, signal?: AbortSignal): Promise<LiveObject> {
    const answer = await this.#json({
      verb: "patch",
      ...this.#at(ref),
      what: `change ${refText(ref)}`,
      query: { fieldManager },
      body: patch,
      contentType: "application/merge-patch+json",
      repeatable: true,
      signal,
    });
    return asObject(answer, ref.resource);
  }

  /** @throws ApiRefusal 409 where it is there already */
  async create(
    ref: ObjectRef,
    object: unknown,
    options: { dryRun?: boolean } = {},
    signal?: AbortSignal,
  ): Promise<LiveObject> {
    const answer = await this.#json({
      verb: "create",
      resource: ref.resource,
      path: pathOf(ref.resource, ref.namespace),
      what: `create ${refText(ref)}`,
      query: { fieldManager, ...(options.dryRun && { dryRun: "All" }) },
      body: object,
      contentType: "application/json",
      repeatable: false,
      signal,
    });
    return asObject(answer, ref.resource);
  }

  /** Replaces it as it was at its resourceVersion. @throws ApiRefusal 409 where it is no more as it was */
  async replace(ref: ObjectRef, object: unknown, signal?: AbortSignal): Promise<LiveObject> {
    const answer = await this.#json({
      verb: "update",
      ...this.#at(ref),
      what: `replace ${refText(ref)}`,
      query: { fieldManager },
      body: object,
      contentType: "application/json",
      repeatable: false,
      signal,
    });
    return asObject(answer, ref.resource);
  }

  /**
   * @param options.uid of the very object that is meant
   * @param options.orphan whether what it owns stays
   * @returns whether there was one @throws ApiRefusal 409 where another one has the name by now
   */
  async delete(
    ref: ObjectRef,
    options: { uid?: string; orphan?: boolean; signal?: AbortSignal | undefined } = {},
  ): Promise<boolean> {
    try {
      await this.#json({
        verb: "delete",
        ...this.#at(ref),
        what: `delete ${refText(ref)}`,
        body: {
          apiVersion: "v1",
          kind: "DeleteOptions",
          ...(options.uid !== undefined && { preconditions: { uid: options.uid } }),
          propagationPolicy: options.orphan ? "Orphan" : "Background",
        },
        contentType: "application/json",
        repeatable: options.uid !== undefined,
        signal: options.signal,
      });
      return true;
    } catch (error) {
      if (isRefusal(error, 404)) return false;
      throw error;
    }
  }

  /**
   * Has a pod leave, as far as its budget lets it.
   * @returns false where the budget does not @throws ApiRefusal, ApiUnreachable
   */
  async evict(ref: ObjectRef, uid: string, signal?: AbortSignal): Promise<boolean> {
    try {
      await this.#json({
        verb: "create",
        ...this.#at(ref, "eviction"),
        what: `evict ${refText(ref)}`,
        body: {
          apiVersion: "policy/v1",
          kind: "Eviction",
          metadata: { name: ref.name, namespace: ref.namespace },
          deleteOptions: { preconditions: { uid } },
        },
        contentType: "application/json",
        // the second answer would be about the same pod
        repeatable: false,
        signal,
      });
      return true;
    } catch (error) {
      if (isRefusal(error, 429)) return false;
      // gone, or another one by now
      if (isRefusal(error, 404, 409)) return true;
      throw error;
    }
  }

  /**
   * What happens to the objects of a kind from a version on, until the API server ends it.
   * @throws ApiRefusal 410 where that version is forgotten; ApiUnreachable; the signal's reason
   */
  async *watch(
    resource: ResourceKind,
    selection: Selection,
    resourceVersion: string,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent> {
    const what = `watch ${resource.plural}`;
    const seconds = watchSeconds + Math.floor(Math.random() * watchSeconds);
    const body = await this.#send({
      verb: "watch",
      resource,
      path: pathOf(resource, selection.namespace),
      what,
      query: {
        ...selectors(selection),
        watch: "true",
        allowWatchBookmarks: "true",
        resourceVersion,
        timeoutSeconds: String(seconds),
      },
      repeatable: false,
      signal,
    });
    try {
      yield { type: "OPENED" };
      for await (const line of linesOf(body)) {
        const event: unknown = JSON.parse(line);
        const type = textAt(event, "type");
        const object = isMap(event) ? event["object"] : undefined;
        if (type === "ERROR") throw new ApiRefusal(what, numberOf(object), object, undefined);
        if (type === "BOOKMARK")
          yield { type, resourceVersion: textAt(object, "metadata", "resourceVersion") ?? "" };
        else if (type === "ADDED" || type === "MODIFIED" || type === "DELETED")
          yield { type, object: asObject(object, resource) };
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ApiRefusal) throw error;
      // nothing has happened, as far as can be told
      if (isSilence(error)) return;
      throw new ApiUnreachable(this.server, what, error);
    } finally {
      body.destroy();
    }
  }

  #at(ref: ObjectRef, sub?: string): Pick<Request, "resource" | "path" | "sub"> {
    const { resource, namespace, name } = ref;
    const object = `${pathOf(resource, namespace)}/${encodeURIComponent(name)}`;
    return sub === undefined ? { resource, path: object } : { resource, path: `${object}/${sub}`, sub };
  }

  async #json(request: Request): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      try {
        const body = await this.#send(request);
        return JSON.parse(await textOf(body)) as unknown;
      } catch (error) {
        request.signal?.throwIfAborted();
        if (attempt === attempts || !isWorthRepeating(error, request)) {
          if (error instanceof ApiRefusal || error instanceof ApiUnreachable) throw error;
          throw new ApiUnreachable(this.server, request.what, error);
        }
        const asked = error instanceof ApiRefusal ? error.retryAfter : undefined;
        const wait = asked === undefined ? firstPause * 2 ** (attempt - 1) : Math.min(asked, 10) * 1000;
        await pause(wait * (0.5 + Math.random()), undefined, { signal: request.signal });
      }
    }
  }

  /** @returns the body of an answer that is no refusal */
  async #send({ verb, resource, sub, path, what, query, body, contentType, signal }: Request): Promise<Body> {
    this.#count(verb, resource, sub);
    const token = await this.#access.token?.();
    const search = new URLSearchParams(query).toString();
    let answer: Dispatcher.ResponseData;
    try {
      answer = await request.call(this.#agent, {
        origin: new URL(this.#access.server).origin,
        path: `${new URL(this.#access.server).pathname.replace(/\/$/, "")}${path}${search && `?${search}`}`,
        method: methods[verb],
        headers: {
          accept: "application/json",
          "user-agent": "promfleet",
          ...(contentType !== undefined && { "content-type": contentType }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: signal ?? null,
        ...(verb === "watch" && { bodyTimeout: watchSilence }),
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw new ApiUnreachable(this.server, what, error);
    }
    const { statusCode: status, headers } = answer;
    // what applying has made needs the right to create, too
    if (verb === "patch" && status === 201) this.#count("create", resource, sub);
    if (status < 300) return answer.body;
    const said: unknown = parsed(await textOf(answer.body));
    throw new ApiRefusal(what, status, said, Number(headers["retry-after"]) || undefined);
  }

  #count(verb: Verb, { apiVersion, plural }: ResourceKind, sub: string | undefined): void {
    const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
    const resource = sub === undefined ? plural : `${plural}/${sub}`;
    const key = `${verb} ${group} ${resource}`;
    const counted = this.#counts.get(key) ?? { verb, group, resource, count: 0 };
    counted.count++;
    this.#counts.set(key, counted);
  }
}

type Body = Dispatcher.ResponseData["body"];

const methods = {
  get: "GET",
  list: "GET",
  watch: "GET",
  create: "POST",
  update: "PUT",
  patch: "PATCH",
  delete: "DELETE",
} as const satisfies Record<Verb, Dispatcher.HttpMethod>;

function selectors({ labelSelector, fieldSelector }: Selection): Record<string, string> {
  return {
    ...(labelSelector !== undefined && { labelSelector }),
    ...(fieldSelector !== undefined && { fieldSelector }),
  };
}

/** Refused because it has too much to do, or for the moment; or the connection failed, and doing it twice is no harm. */
function isWorthRepeating(error: unknown, { repeatable, sub }: Request): boolean {
  // of an eviction, 429 is the word of the budget
  if (isRefusal(error, 429)) return sub !== "eviction";
  if (isRefusal(error, 500, 502, 503, 504)) return repeatable;
  return !(error instanceof ApiRefusal) && repeatable;
}

function isSilence(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "UND_ERR_BODY_TIMEOUT";
}

async function textOf(body: Body): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > largest) {
      body.destroy();
      throw new Error(`the answer has more than ${largest} bytes`);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function* linesOf(body: Body): AsyncGenerator<string> {
  body.setEncoding("utf8");
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + (chunk as string)).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > longestLine) throw new Error(`a line of a watch has more than ${longestLine} bytes`);
    for (const line of lines) if (line !== "") yield line;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { message: text.slice(0, 300) };
  }
}

function numberOf(status: unknown): number {
  const code = isMap(status) ? status["code"] : undefined;
  return typeof code === "number" ? code : 500;
}

/** @throws Error where it is none */
function asObject(value: unknown, { apiVersion, kind }: ResourceKind): LiveObject {
  if (!isMap(value) || textAt(value, "metadata", "name") === undefined)
    throw new Error("the API server answers with something that is no object");
  return { ...value, apiVersion, kind } as LiveObject;
}
