import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { connect, type SecureVersion } from "node:tls";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { type TestCertificate, testCertificate } from "../../tls/test-certificate.ts";
import { parseTopology } from "../../topology/parse-topology.ts";
import type { Topology } from "../../topology/topology.ts";
import { FrontDoor } from "../limits/front-door.ts";
import { Tenancy } from "../tenancy/tenancy.ts";
import { TlsFollower } from "./tls-follower.ts";
import { TlsGate } from "./tls-gate.ts";

const ca = testCertificate({ commonName: "clients", isCa: true });
const otherCa = testCertificate({ commonName: "clients", isCa: true });
const strangeCa = testCertificate({ commonName: "strangers", isCa: true });
const serverCa = testCertificate({ commonName: "servers", isCa: true });
const serverCertificate = () =>
  testCertificate({ commonName: "gateway", names: ["gateway.example"], by: serverCa });

let folder = "";
let topology: Topology;
let server: http.Server;
let door: FrontDoor;
let gate: TlsGate;
let follower: TlsFollower;
let port = 0;
const said: string[] = [];

/** As whoever renews certificates does: a file under another name, then renamed. */
function write(name: string, text: string): void {
  writeFileSync(path.join(folder, `${name}.new`), text);
  renameSync(path.join(folder, `${name}.new`), path.join(folder, name));
}

function declare(tls: Record<string, unknown> | undefined, tenants?: unknown): void {
  const shards = [{ id: "0", replicas: [{ name: "a", url: "http://127.0.0.1:1" }] }];
  topology = parseTopology(JSON.stringify({ shards, tls, tenants }), "topology.json");
}

const files = { certFile: "own.pem", keyFile: "own.key" };
const tenants = [
  { name: "shop", certificates: [{ commonName: "shop" }], matchers: ['ns="shop"'] },
  { name: "bank", certificates: [{ san: "bank.example" }], matchers: ['ns="bank"'] },
];

beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), "promfleet-gate-"));
  const own = serverCertificate();
  write("own.pem", own.cert);
  write("own.key", own.key);
  write("clients.pem", ca.cert);
  said.length = 0;
});

/** A server that answers who asks. */
async function start(): Promise<void> {
  const tenancy = new Tenancy(() => topology);
  gate = new TlsGate();
  follower = await TlsFollower.start({
    declared: () => topology.tls,
    folder,
    use: (read) => gate.use(read),
    say: (sentence) => said.push(sentence),
  });
  server = http.createServer((request, response) => {
    door.busy(request.socket);
    response.on("close", () => door.idle(request.socket));
    if (gate.isOutdated(request.socket)) response.setHeader("connection", "close");
    tenancy.identify(request, request.url ?? "").then(
      (tenant) => response.end(tenant?.name ?? "anybody"),
      (error: unknown) => {
        response.statusCode = error instanceof PromfleetError && error.code === "UNAUTHENTICATED" ? 401 : 500;
        response.end(error instanceof Error ? error.message : "");
      },
    );
  });
  door = new FrontDoor(server, { connections: 100, silence: 10_000 }, gate);
  await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening));
  port = (server.address() as AddressInfo).port;
}

afterEach(async () => {
  follower.stop();
  door.close();
  gate.close();
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  rmSync(folder, { recursive: true, force: true });
});

interface Client {
  as?: TestCertificate;
  version?: SecureVersion;
  agent?: https.Agent;
  path?: string;
}

interface Said {
  status: number;
  body: string;
  /** Serial number of the server's certificate. */
  serial: string;
  connection: string | undefined;
  isReused: boolean;
  wasResumed: boolean;
}

async function ask({ as, version, agent, path = "/api/v1/query" }: Client = {}): Promise<Said> {
  const { promise, resolve, reject } = Promise.withResolvers<Said>();
  const request = https.get(
    {
      host: "127.0.0.1",
      port,
      path,
      servername: "gateway.example",
      ca: serverCa.cert,
      agent: agent ?? false,
      ...(as && { cert: as.cert, key: as.key }),
      ...(version && { minVersion: version, maxVersion: version }),
    },
    (response) => {
      const socket = request.socket as import("node:tls").TLSSocket;
      const serial = socket.getPeerCertificate().serialNumber;
      const wasResumed = socket.isSessionReused();
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          body,
          serial,
          connection: response.headers.connection,
          isReused: request.reusedSocket,
          wasResumed,
        }),
      );
    },
  );
  request.on("error", reject);
  return await promise;
}

const told = async (client: Client) => {
  const { status, body } = await ask(client);
  return `${status} ${body}`;
};

const shop = testCertificate({ commonName: "shop", by: ca });
const strangers: [string, TestCertificate | undefined, string][] = [
  ["nobody", undefined, ""],
  ["one of another CA", testCertificate({ commonName: "shop", by: strangeCa }), "is refused"],
  ["one that is signed by itself", testCertificate({ commonName: "shop" }), "is refused"],
  [
    "one that is too old",
    testCertificate({ commonName: "shop", by: ca, days: [-9, -1] }),
    "is refused: CERT_HAS_EXPIRED",
  ],
  [
    "one that is not good yet",
    testCertificate({ commonName: "shop", by: ca, days: [1, 9] }),
    "is refused: CERT_NOT_YET_VALID",
  ],
  [
    "one that is signed by a tenant",
    testCertificate({ commonName: "bank", names: ["bank.example"], by: shop }),
    "is refused",
  ],
  ["a name that no tenant has", testCertificate({ commonName: "SHOP", by: ca }), ""],
  [
    "a common name that is another's alternative name",
    testCertificate({ commonName: "bank.example", by: ca }),
    "",
  ],
  [
    "an alternative name that is another's common name",
    testCertificate({ commonName: "x", names: ["shop"], by: ca }),
    "",
  ],
  [
    "a name with what separates names",
    testCertificate({ commonName: "x", names: ["x, DNS:bank.example"], by: ca }),
    "",
  ],
];

it.each(["VerifyClientCertIfGiven", "RequireAndVerifyClientCert"])(
  "%s: tenants are known by their certificates, strangers are not let in",
  async (clientAuthType) => {
    declare({ ...files, clientCaFile: "clients.pem", clientAuthType }, tenants);
    await start();
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      expect(await told({ as: shop, version })).toBe("200 shop");
      const bank = testCertificate({ commonName: "shop2", names: ["other.example", "bank.example"], by: ca });
      expect(await told({ as: bank, version })).toBe("200 bank");
      for (const [who, as, why] of strangers) {
        const { status, body } = await ask({ ...(as && { as }), version });
        expect([who, status, body]).toEqual([who, 401, expect.stringContaining(why)]);
        // whoever looks after the gateway has no certificate
        expect(await told({ ...(as && { as }), version, path: "/-/ready" })).toBe("200 anybody");
      }
    }
  },
);

it("a certificate of another CA of the same name lets nobody in", async () => {
  declare({ ...files, clientCaFile: "clients.pem" }, tenants);
  await start();
  const as = testCertificate({ commonName: "shop", by: otherCa });
  expect(await told({ as, version: "TLSv1.3" })).toContain("401");
  // Node ends such a connection by itself
  await expect(ask({ as, version: "TLSv1.2", path: "/-/ready" })).rejects.toThrow("socket hang up");
  await vi.waitFor(() => expect(door.state.open).toBe(0), { timeout: 5000 });
});

it("without tenants, a certificate is needed where one is required, and a bad one is refused where it is not", async () => {
  declare({ ...files, clientCaFile: "clients.pem", clientAuthType: "RequireAndVerifyClientCert" });
  await start();
  const old = testCertificate({ commonName: "shop", by: ca, days: [-9, -1] });
  expect(await told({ as: shop })).toBe("200 anybody");
  expect(await told({})).toContain("401");
  expect(await told({})).toContain("a client certificate is needed here");
  declare({ ...files, clientCaFile: "clients.pem" });
  expect(await told({})).toBe("200 anybody");
  expect(await told({ as: old })).toContain("401");
});

/** What a client is told that has been there before. */
const resuming = async (as: TestCertificate | undefined) => {
  const agent = new https.Agent({ maxCachedSessions: 10 });
  const answers = [];
  for (let turn = 0; turn < 3; turn++) answers.push(await ask({ agent, ...(as && { as }) }));
  return answers.slice(1).map(({ status, body, wasResumed }) => `${status} ${body} ${wasResumed}`);
};

it("a session that is resumed is still the client's", async () => {
  declare({ ...files, clientCaFile: "clients.pem" }, tenants);
  await start();
  expect(await resuming(shop)).toEqual(["200 shop true", "200 shop true"]);
  for (const one of await resuming(undefined)) expect(one).toContain("401");
});

it("whoever speaks HTTP is told that HTTPS is spoken, whoever speaks neither is let go", async () => {
  declare(files);
  await start();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  http
    .get({ host: "127.0.0.1", port, agent: false }, (response) => {
      response.setEncoding("utf8").on("data", (text: string) => resolve(`${response.statusCode} ${text}`));
    })
    .on("error", reject);
  expect(await promise).toBe("400 This gateway speaks HTTPS.\n");
  await vi.waitFor(() => expect(door.state.open).toBe(0), { timeout: 5000 });
  const old = connect({
    host: "127.0.0.1",
    port,
    maxVersion: "TLSv1.1",
    minVersion: "TLSv1",
    ciphers: "DEFAULT@SECLEVEL=0",
  });
  await new Promise((over) => old.on("error", () => {}).on("close", over));
  expect(gate.state?.failed).toBe(2);
  expect(await told({})).toBe("200 anybody");
});

it("files that are replaced are used for new connections, and old connections end with their next answer", async () => {
  declare(files);
  await start();
  const agent = new https.Agent({ keepAlive: true, maxCachedSessions: 0 });
  const before = await ask({ agent });
  const next = serverCertificate();
  write("own.key", next.key);
  write("own.pem", next.cert);
  await vi.waitFor(async () => expect((await ask()).serial).not.toBe(before.serial), { timeout: 10_000 });
  const last = await ask({ agent });
  expect([last.isReused, last.serial, last.connection]).toEqual([true, before.serial, "close"]);
  const after = await ask({ agent });
  expect([after.isReused, after.serial === before.serial, after.connection]).toEqual([
    false,
    false,
    "keep-alive",
  ]);
  agent.destroy();
  expect(said).toEqual([expect.stringMatching(/^shows the certificate that is good until \d{4}-/)]);
});

it("files that are bad are kept away, with a sentence, until they are good", async () => {
  declare({ ...files, clientCaFile: "clients.pem" }, tenants);
  await start();
  const { serial } = await ask();
  const next = serverCertificate();
  write("own.pem", next.cert);
  await vi.waitFor(
    () => expect(follower.objection).toContain("own.key is not the key of the certificate in"),
    {
      timeout: 10_000,
    },
  );
  expect((await ask()).serial).toBe(serial);
  rmSync(path.join(folder, "clients.pem"));
  await vi.waitFor(() => expect(follower.objection).toContain("own.key"), { timeout: 10_000 });
  write("own.key", next.key);
  await vi.waitFor(() => expect(follower.objection).toContain("there is no"), { timeout: 10_000 });
  expect(await told({ as: shop })).toBe("200 shop");
  write("clients.pem", otherCa.cert);
  await vi.waitFor(() => expect(follower.objection).toBeUndefined(), { timeout: 10_000 });
  expect((await ask()).serial).not.toBe(serial);
  expect(await told({ as: shop })).toContain("401");
  expect(await told({ as: testCertificate({ commonName: "shop", by: otherCa }) })).toBe("200 shop");
  expect(said).toHaveLength(3);
  expect(said.join()).not.toContain("PRIVATE KEY");
});

it("does not begin with files that are bad", async () => {
  declare(files);
  await start();
  declare({ ...files, keyFile: "gone.key" });
  await expect(
    TlsFollower.start({ declared: () => topology.tls, folder, use: () => {}, say: () => {} }),
  ).rejects.toMatchObject({
    code: "TLS_UNUSABLE",
    cause: { message: `there is no ${path.join(folder, "gone.key")}` },
  });
});
