import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { GatewayTls } from "../spec/gateway-tls.ts";
import { testCertificate } from "./test-certificate.ts";
import { readTlsFiles } from "./tls-files.ts";

let folder = "";
const file = (name: string) => path.join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "promfleet-tls-"));
  const ca = testCertificate({ commonName: "CA", isCa: true });
  const own = testCertificate({ commonName: "gateway", by: ca });
  const other = testCertificate({ commonName: "other" });
  writeFileSync(file("own.pem"), own.cert + ca.cert);
  writeFileSync(file("own.key"), own.key);
  writeFileSync(file("other.key"), other.key);
  writeFileSync(file("ca.pem"), ca.cert);
  writeFileSync(file("none.pem"), "nothing\n");
  writeFileSync(file("broken.pem"), ca.cert.replace(/\n.{9}/, "\nAAAAAAAAA"));
  const locked = own.privateKey.export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: "x",
  });
  writeFileSync(file("locked.key"), locked);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = async (names: Partial<Pick<GatewayTls, "certFile" | "keyFile" | "clientCaFile">>) => {
  const { certFile = "own.pem", keyFile = "own.key", clientCaFile } = names;
  return await readTlsFiles({
    certFile: file(certFile),
    keyFile: file(keyFile),
    clientCaFile: clientCaFile === undefined ? undefined : file(clientCaFile),
    clientAuthType: undefined,
    minVersion: "TLS12",
  });
};

it("takes a certificate with those that lead to the CA after it", async () => {
  const { certificate, asksClients } = await read({});
  expect([certificate.subject, asksClients]).toEqual(["CN=gateway", false]);
  expect((await read({ clientCaFile: "ca.pem" })).asksClients).toBe(true);
});

it.each([
  [{ certFile: "gone.pem" }, "certFile", "there is no FOLDER/gone.pem"],
  [{ certFile: "none.pem" }, "certFile", "FOLDER/none.pem holds no certificate in PEM"],
  [{ certFile: "broken.pem" }, "certFile", "FOLDER/broken.pem holds a certificate that is none"],
  [{ keyFile: "gone.key" }, "keyFile", "there is no FOLDER/gone.key"],
  [
    { keyFile: "other.key" },
    "keyFile",
    "FOLDER/other.key is not the key of the certificate in FOLDER/own.pem",
  ],
  [
    { keyFile: "locked.key" },
    "keyFile",
    "FOLDER/locked.key holds no private key in PEM that needs no password",
  ],
  [{ keyFile: "own.pem" }, "keyFile", "FOLDER/own.pem holds no private key in PEM that needs no password"],
  // OpenSSL takes such a file, and Node would trust everybody whom browsers trust
  [{ clientCaFile: "none.pem" }, "clientCaFile", "FOLDER/none.pem holds no certificate in PEM"],
  [{ clientCaFile: "." }, "clientCaFile", "cannot read FOLDER: EISDIR"],
])("says what is wrong with %o", async (names, key, message) => {
  await expect(read(names)).rejects.toMatchObject({ key, message: message.replaceAll("FOLDER", folder) });
});
