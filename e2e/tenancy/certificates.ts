import { mkdirSync, writeFileSync } from "node:fs";
import https from "node:https";
import path from "node:path";
import { type TestCertificate, testCertificate } from "../../src/tls/test-certificate.ts";

const servers = testCertificate({ commonName: "servers", isCa: true });
const clients = testCertificate({ commonName: "clients", isCa: true });
const own = testCertificate({ commonName: "gateway", names: ["gateway.example"], by: servers });

/** Tenants that show certificates, and see what those of the same name see who have passwords. */
export const certifiedTenants = [
  { name: "shop", certificates: [{ san: "grafana.shop.example" }], matchers: ['ns="shop"'] },
  { name: "admin", certificates: [{ commonName: "admin" }], everything: true, metrics: true },
];

/** @returns the key tls of a topology whose files lie in the folder */
export function writeCertificates(folder: string): Record<"certFile" | "keyFile" | "clientCaFile", string> {
  const write = (name: string, text: string) => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, name), text, { mode: 0o600 });
    return path.join(folder, name);
  };
  return {
    certFile: write("gateway.pem", own.cert),
    keyFile: write("gateway.key", own.key),
    clientCaFile: write("clients.pem", clients.cert),
  };
}

/** @param certificate undefined: it shows none */
function client(certificate: TestCertificate | undefined): https.Agent {
  return new https.Agent({
    keepAlive: true,
    ca: servers.cert,
    // it is asked at an address
    servername: "gateway.example",
    ...(certificate && { cert: certificate.cert, key: certificate.key }),
  });
}

const shop = { commonName: "grafana", names: ["grafana.shop.example"] };
const shopCertificate = testCertificate({ ...shop, by: clients });

export const certified = {
  shop: client(shopCertificate),
  admin: client(testCertificate({ commonName: "admin", by: clients })),
};

export const sameNamedCa = "of another CA of the same name";

/** Whom the gateway is to know nothing of. */
export const strangersWithCertificates: Readonly<Record<string, https.Agent>> = {
  "no certificate": client(undefined),
  "of another CA": client(
    testCertificate({ ...shop, by: testCertificate({ commonName: "others", isCa: true }) }),
  ),
  [sameNamedCa]: client(
    testCertificate({ ...shop, by: testCertificate({ commonName: "clients", isCa: true }) }),
  ),
  "signed by itself": client(testCertificate(shop)),
  "signed by a tenant": client(testCertificate({ ...shop, by: shopCertificate })),
  "too old": client(testCertificate({ ...shop, by: clients, days: [-9, -1] })),
  "not good yet": client(testCertificate({ ...shop, by: clients, days: [1, 9] })),
  "a name that nobody has": client(testCertificate({ commonName: "shop", by: clients })),
  "a tenant's name in the wrong place": client(
    testCertificate({ commonName: "grafana.shop.example", names: ["admin"], by: clients }),
  ),
  "two names in one": client(
    testCertificate({ commonName: "x", names: ["x, DNS:grafana.shop.example"], by: clients }),
  ),
};
