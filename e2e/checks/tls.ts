import { renameSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import https from "node:https";
import path from "node:path";
import { connect } from "node:tls";
import type { Explanation } from "../../src/gateway/explain/explanation.ts";
import { type TestCertificate, testCertificate } from "../../src/tls/test-certificate.ts";
import type { Check, CheckContext } from "../harness/check.ts";
import { Fleet, declaration } from "../harness/fleet.ts";
import { type Asking, ask, vector } from "../harness/http.ts";
import { promfleet } from "../harness/promfleet.ts";
import { until } from "../harness/until.ts";
import { Workplace } from "../harness/workplace.ts";

export const tls: Check = {
  name: "tls",
  claim:
    "a fleet whose gateway speaks TLS is a fleet like any other: its own jobs and commands reach it, certificates are renewed without a failed query, bad ones are kept away",
  bothVersions: true,
  soakOnly: false,
  run,
};

const ca = testCertificate({ commonName: "servers", isCa: true });
const ownCertificate = () => testCertificate({ commonName: "gateway", names: ["gateway.example"], by: ca });
/** A client that knows the CA and the name, and keeps no connection. */
const known: Asking = {
  agent: new https.Agent({ ca: ca.cert, servername: "gateway.example", maxCachedSessions: 0 }),
};

type Report = CheckContext["report"];

async function run({ report, prometheus }: CheckContext): Promise<void> {
  await using place = new Workplace("tls");
  const first = ownCertificate();
  write(place, "gateway.pem", first.cert);
  write(place, "gateway.key", first.key);
  write(place, "ca.pem", ca.cert);
  const fleet = new Fleet(place);
  const plain = declaration(prometheus, "1s").replace("replicas: 2", "replicas: 1");
  const secured = `${plain}  gateway: {tls: {certFile: gateway.pem, keyFile: gateway.key}}\n`;

  await mistakes(report, place, fleet, secured);
  const { gateway, evaluator } = await fleet.up(secured);
  report.claim("the fleet is up at an https URL", gateway.startsWith("https://"), gateway);
  report.claim("its evaluator reads past TLS", evaluator.url.startsWith("http://"), evaluator.url);
  await reached(report, fleet, gateway, place);
  await renewed(report, place, gateway, first);
  await turnedOff(report, fleet, gateway, plain);
}

/** As whoever renews certificates does. */
function write(place: Workplace, name: string, text: string): void {
  writeFileSync(place.path(`${name}.new`), text, { mode: 0o600 });
  renameSync(place.path(`${name}.new`), place.path(name));
}

async function mistakes(report: Report, place: Workplace, fleet: Fleet, text: string): Promise<void> {
  write(place, "other.key", testCertificate({ commonName: "other" }).key);
  for (const [file, says] of [
    ["gone.key", "there is no "],
    ["other.key", "is not the key of the certificate in"],
  ] as const) {
    const wrong = text.replace("gateway.key", file);
    const line = wrong.split("\n").findIndex((one) => one.includes(file)) + 1;
    writeFileSync(fleet.file, wrong);
    const { code, stdout, stderr } = await promfleet(["validate", "--quick", "-f", fleet.file]);
    const said = `${stdout}${stderr}`;
    const isTold =
      code === 3 && said.includes(`:${line}:`) && said.includes(says) && said.includes("[TLS_UNUSABLE]");
    report.claim(`validate says of ${file} what is wrong, and where`, isTold, said.trim().split("\n")[0]);
  }
}

async function reached(report: Report, fleet: Fleet, gateway: string, place: Workplace): Promise<void> {
  const status = await fleet.status();
  const others = status.others.map(({ name, state }) => `${name} ${state}`);
  report.claim(
    "status finds it ready",
    status.gateway === gateway && others.includes("main-gateway ready"),
    others.join(", "),
  );
  await until("job promfleet has scraped the gateway", 30_000, async () => {
    const [one] = await vector(gateway, 'up{job="promfleet", instance="main-gateway"}', known);
    return one?.value[1] === "1";
  });
  report.claim("job promfleet scrapes it", true);
  const [evaluated] = await vector(gateway, "count(quantile by (job) (0.5, up)) > 0", known);
  report.claim("what is evaluated is answered", evaluated !== undefined, evaluated?.value[1]);
  const own = await fleet.run("coverage", "-o", "json");
  report.claim("coverage of this machine's fleet", own.code === 0, own.stderr.trim().split("\n")[0]);
  const told = await fleet.run("explain", "-o", "json", "sum(up)");
  const { way } = JSON.parse(told.stdout) as Explanation;
  report.claim("explain of this machine's fleet", told.code === 0 && way !== "", way);

  // others know it by the name in its certificate: here nothing resolves that name
  const { port } = new URL(gateway);
  const stranger = await promfleet(["explain", "--gateway", gateway, "up"]);
  report.claim(
    "a gateway that was named is not believed without its CA",
    stranger.code !== 0 && stranger.stderr.includes("GATEWAY_SILENT"),
    stranger.stderr.trim().split("\n")[0],
  );
  const misnamed = await promfleet(["explain", "--gateway", gateway, "--ca", place.path("ca.pem"), "up"]);
  report.claim(
    "nor with it under another name",
    misnamed.code !== 0 && /altnames|does not match/.test(misnamed.stderr),
    misnamed.stderr.trim().split("\n")[0],
  );
  const http = await ask(`http://127.0.0.1:${port}/-/ready`);
  report.claim("HTTP is told that it speaks HTTPS", http.status === 400 && /HTTPS/.test(String(http.body)));
}

async function renewed(
  report: Report,
  place: Workplace,
  gateway: string,
  first: TestCertificate,
): Promise<void> {
  const next = testCertificate({ commonName: "gateway", names: ["gateway.example", "127.0.0.1"], by: ca });
  const failures: string[] = [];
  let sent = 0;
  const over = new AbortController();
  const kept: Asking = {
    agent: new https.Agent({ ca: ca.cert, servername: "gateway.example", keepAlive: true, maxSockets: 2 }),
  };
  const asking = [known, kept].map(async (client) => {
    while (!over.signal.aborted) {
      sent++;
      await vector(gateway, "sum(up)", client).catch((error: unknown) => failures.push(String(error)));
    }
  });
  const before = await shown(gateway);
  write(place, "gateway.pem", next.cert);
  await until("the mismatch is seen", 10_000, async () => (await metric(gateway, "files_good")) === 0);
  report.claim(
    "a certificate without its key is kept away, and a metric says so",
    (await shown(gateway)) === before,
  );
  const log = await readFile(path.join(place.folder, "state/logs/main-gateway.log"), "utf8");
  const sentence = log.split("\n").find((line) => line.includes("keeps to the certificate that it has"));
  report.claim("the log says why", sentence?.includes("is not the key of") === true, sentence);
  const began = performance.now();
  write(place, "gateway.key", next.key);
  await until("the new certificate is shown", 10_000, async () => (await shown(gateway)) !== before);
  report.figure("ms from the last file to the new certificate", Math.round(performance.now() - began));
  report.claim("and the metric is well", (await metric(gateway, "files_good")) === 1);
  over.abort();
  await Promise.all(asking);
  report.claim(
    "no query failed meanwhile",
    failures.length === 0,
    `${failures.length} of ${sent}: ${failures[0] ?? ""}`,
  );
  const named = await promfleet(["explain", "--gateway", gateway, "--ca", place.path("ca.pem"), "up"]);
  report.claim("by its CA and a name of it, it is believed", named.code === 0, named.stderr.trim());
  const secrets = [first.key, next.key].flatMap((key) => key.split("\n").slice(1, -2));
  const after = await readFile(path.join(place.folder, "state/logs/main-gateway.log"), "utf8");
  report.claim(
    "no line of a key is in the log",
    !secrets.some((line) => after.includes(line)),
    secrets.length,
  );
}

async function turnedOff(report: Report, fleet: Fleet, gateway: string, plain: string): Promise<void> {
  const after = await fleet.up(plain);
  const url = gateway.replace("https:", "http:");
  const status = await fleet.status();
  report.claim(
    "without tls, it is HTTP at the same port",
    after.gateway === url && status.gateway === url,
    url,
  );
  const [one] = await vector(url, "count(up)");
  report.claim("which answers", one !== undefined, one?.value[1]);
}

/** Serial number of the certificate that a new connection is shown. */
async function shown(gateway: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(
    { host: "127.0.0.1", port: Number(new URL(gateway).port), servername: "gateway.example", ca: ca.cert },
    () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.end();
    },
  );
  socket.on("error", reject);
  return await promise;
}

async function metric(gateway: string, name: string): Promise<number | undefined> {
  const page = (await ask(`${gateway}/metrics`, known)).body.toString();
  const [, value] = new RegExp(`^promfleet_gateway_tls_${name} (\\S+)$`, "m").exec(page) ?? [];
  return value === undefined ? undefined : Number(value);
}
