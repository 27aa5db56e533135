import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { clusterAccess } from "./kubeconfig.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "promfleet-kubeconfig-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string, mode = 0o600): string {
  const file = path.join(folder, name);
  writeFileSync(file, text, { mode });
  return file;
}

const config = (user: string, cluster = "server: https://10.0.0.1:6443/") => `
current-context: one
clusters: [{name: c, cluster: {${cluster}}}]
users: [{name: u, user: {${user}}}]
contexts:
  - {name: one, context: {cluster: c, user: u, namespace: monitoring}}
  - {name: two, context: {cluster: c}}
`;

it("the current context is taken, and its namespace", async () => {
  const kubeconfig = write("config", config("token: secret"));
  const access = await clusterAccess({ kubeconfig, env: {} });
  expect(access).toMatchObject({ server: "https://10.0.0.1:6443", namespace: "monitoring" });
  expect(await access.token?.()).toBe("secret");
});

it("another context and another namespace, where they are named", async () => {
  const kubeconfig = write("config", config("token: secret"));
  const access = await clusterAccess({ kubeconfig, context: "two", namespace: "mine", env: {} });
  expect(access).toMatchObject({ namespace: "mine", token: undefined });
});

it("certificates stand in the file or in others beside it", async () => {
  write("ca.pem", "CA");
  const cert = Buffer.from("CERT").toString("base64");
  const kubeconfig = write(
    "config",
    config(
      `client-certificate-data: ${cert}, client-key: ca.pem`,
      "server: https://x, certificate-authority: ca.pem",
    ),
  );
  expect((await clusterAccess({ kubeconfig, env: {} })).tls).toEqual({ ca: "CA", cert: "CERT", key: "CA" });
});

it("of several files the first that says something counts, and one may be absent", async () => {
  const first = write("first", "current-context: two\n");
  const second = write("second", config("token: secret"));
  const env = { KUBECONFIG: [first, path.join(folder, "none"), second].join(path.delimiter) };
  expect(await clusterAccess({ env })).toMatchObject({ namespace: "default" });
});

it("a token in a file is read again", async () => {
  const file = write("token", "old\n");
  const kubeconfig = write("config", config("tokenFile: token"));
  const access = await clusterAccess({ kubeconfig, env: {} });
  expect(await access.token?.()).toBe("old");
  writeFileSync(file, "new\n");
  expect(await access.token?.()).toBe("new");
});

it("a program tells who asks, once for all that ask at once, and again when that is over", async () => {
  const count = path.join(folder, "count");
  write(
    "who.sh",
    `#!/bin/sh
echo x >> ${count}
printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t%s","expirationTimestamp":"2020-01-01T00:00:00Z"}}' "$(wc -l < ${count})"
`,
    0o700,
  );
  const kubeconfig = write(
    "config",
    config("exec: {apiVersion: client.authentication.k8s.io/v1, command: ./who.sh}"),
  );
  const access = await clusterAccess({ kubeconfig, env: process.env });
  const tokens = await Promise.all([access.token?.(), access.token?.()]);
  expect(tokens).toEqual(["t2", "t2"]);
  expect(await access.token?.()).toBe("t3");
});

it.each([
  ["as: reader", "as"],
  ["username: me, password: secret", "username"],
  ["auth-provider: {name: gcp}", "auth-provider"],
])("a user with %s is not taken for somebody else", async (user, named) => {
  const kubeconfig = write("config", config(user));
  await expect(clusterAccess({ kubeconfig, env: {} })).rejects.toThrow(
    expect.objectContaining({
      code: "KUBECONFIG_INVALID",
      message: expect.stringContaining(named) as string,
    }) as Error,
  );
});

it.each([
  ["current-context: none\n", "none"],
  ["current-context: one\nclusters: 3\n", "clusters"],
  ["secret: [", "no YAML"],
  [config("exec: {apiVersion: v1, command: ./missing}"), "missing"],
])("what is wrong is said, and nothing of what is secret", async (text, named) => {
  const kubeconfig = write("config", text);
  await expect(clusterAccess({ kubeconfig, env: {} })).rejects.toThrow(
    expect.objectContaining({
      code: "KUBECONFIG_INVALID",
      message: expect.stringContaining(named) as string,
    }) as Error,
  );
});
