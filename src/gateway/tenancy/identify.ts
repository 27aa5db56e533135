import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { GatewayTls } from "../../spec/gateway-tls.ts";
import { type ClientCertificate, clientCertificate } from "../tls/client-certificate.ts";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { parseTokenHash } from "../../spec/credential-hash.ts";
import type { Tenant } from "../../spec/tenant.ts";
import type { PasswordCheck } from "./password-check.ts";

/** Characters of an Authorization header that are looked at. */
const longest = 4096;

/**
 * Whose request it is. What is sent as a header has to be right, whatever certificate the connection has.
 * @throws PromfleetError UNAUTHENTICATED, TENANT_BUSY
 */
export async function identify(
  request: IncomingMessage,
  tenants: readonly Tenant[],
  passwords: PasswordCheck,
): Promise<Tenant> {
  const [header, ...more] = request.headersDistinct["authorization"] ?? [];
  if (header === undefined) {
    const tenant = byCertificate(request, tenants);
    if (tenant) return tenant;
    throw unknown("the request does not say who asks");
  }
  if (more.length > 0 || header.length > longest)
    throw unknown("there is more than one Authorization header");
  const [, scheme = "", value = ""] = /^([A-Za-z]+) +([A-Za-z0-9\-._~+/]+=*) *$/.exec(header) ?? [];
  const tenant =
    scheme.toLowerCase() === "basic"
      ? await byPassword(value, tenants, passwords)
      : scheme.toLowerCase() === "bearer"
        ? byToken(value, tenants)
        : undefined;
  if (!tenant) throw unknown("the credentials are not those of anybody who may ask");
  return tenant;
}

/** How a stranger is told to show who it is (RFC 9110, 7617 and 6750). */
export function challenge(tenants: readonly Tenant[]): string {
  const ways = [
    ...(tenants.some(({ basic }) => basic.length > 0) ? ['Basic realm="promfleet", charset="UTF-8"'] : []),
    ...(tenants.some(({ bearer }) => bearer.length > 0) ? ['Bearer realm="promfleet"'] : []),
  ];
  // the header has to be there, and clients without a certificate can do nothing about it
  return ways.length > 0 ? ways.join(", ") : 'Certificate realm="promfleet"';
}

async function byPassword(
  encoded: string,
  tenants: readonly Tenant[],
  passwords: PasswordCheck,
): Promise<Tenant | undefined> {
  const text = Buffer.from(encoded, "base64").toString();
  // RFC 7617 has none in it; a zero at its end would make no difference to the hash
  if (/\p{Cc}/u.test(text)) return undefined;
  const at = text.indexOf(":");
  const [user, password] = at < 0 ? [undefined, text] : [text.slice(0, at), text.slice(at + 1)];
  const found = tenants
    .flatMap((tenant) => tenant.basic.map((one) => ({ tenant, ...one })))
    .find((one) => one.user === user);
  return (await passwords.isRight(password, found?.passwordHash)) ? found?.tenant : undefined;
}

function byToken(token: string, tenants: readonly Tenant[]): Tenant | undefined {
  const digest = createHash("sha256").update(token).digest();
  let found: Tenant | undefined;
  for (const tenant of tenants)
    for (const { tokenHash } of tenant.bearer) {
      const declared = parseTokenHash(tokenHash);
      if (declared && timingSafeEqual(declared, digest)) found ??= tenant;
    }
  return found;
}

function byCertificate({ socket }: IncomingMessage, tenants: readonly Tenant[]): Tenant | undefined {
  const certificate = clientCertificate(socket);
  if (certificate.is !== "good") return undefined;
  const { commonName, names } = certificate;
  return tenants.find(({ certificates }) =>
    certificates.some((one) => (one.san === undefined ? one.commonName === commonName : names.has(one.san))),
  );
}

/**
 * Holds a request to what the connection has to show, whoever asks.
 * @throws PromfleetError UNAUTHENTICATED
 */
export function refuseWithoutCertificate({ socket }: IncomingMessage, tls: GatewayTls | undefined): void {
  if (tls?.clientCaFile === undefined) return;
  const certificate: ClientCertificate = clientCertificate(socket);
  if (certificate.is === "bad") throw unknown(`the client certificate is refused: ${certificate.why}`);
  if (certificate.is === "absent" && tls.clientAuthType === "RequireAndVerifyClientCert")
    throw unknown("a client certificate is needed here");
}

function unknown(message: string): PromfleetError {
  return new PromfleetError({ code: "UNAUTHENTICATED", message });
}
