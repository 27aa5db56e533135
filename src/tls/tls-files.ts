import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import type { GatewayTls, tlsFileKeys } from "../spec/gateway-tls.ts";

export type TlsFileKey = (typeof tlsFileKeys)[number];

/** A file that TLS can not be spoken with. The message names the file, and nothing of what is in it. */
export class TlsFileError extends Error {
  override readonly name = "TlsFileError";
  /** Which of the files. */
  readonly key: TlsFileKey;

  constructor(key: TlsFileKey, message: string) {
    super(message);
    this.key = key;
  }
}

/** Files that were read together, and fit each other. */
export interface TlsFiles {
  /** For a server of TLS. */
  context: SecureContextOptions;
  /** The certificate that is shown. */
  certificate: X509Certificate;
  /** Whether clients are asked for a certificate. */
  asksClients: boolean;
}

/** @param tls with absolute paths @throws TlsFileError */
export async function readTlsFiles(tls: GatewayTls): Promise<TlsFiles> {
  const { certFile, keyFile, clientCaFile, minVersion } = tls;
  const cert = await readPem("certFile", certFile);
  const key = await readPem("keyFile", keyFile);
  const ca = clientCaFile === undefined ? undefined : await readPem("clientCaFile", clientCaFile);
  const [certificate] = certificatesIn(cert, "certFile", certFile);
  // OpenSSL takes a file without any for none, and Node then trusts the CAs of the whole world
  if (ca !== undefined && clientCaFile !== undefined) certificatesIn(ca, "clientCaFile", clientCaFile);
  if (!certificate.checkPrivateKey(privateKey(key, keyFile)))
    throw new TlsFileError("keyFile", `${keyFile} is not the key of the certificate in ${certFile}`);
  const context = {
    cert,
    key,
    ...(ca !== undefined && { ca }),
    minVersion: minVersion === "TLS13" ? "TLSv1.3" : "TLSv1.2",
  } as const;
  try {
    createSecureContext(context);
  } catch (error) {
    throw new TlsFileError("certFile", `${certFile} can not be used: ${reasonOf(error)}`);
  }
  return { context, certificate, asksClients: ca !== undefined };
}

async function readPem(key: TlsFileKey, file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    throw new TlsFileError(
      key,
      code === "ENOENT" || code === "ENOTDIR" ? `there is no ${file}` : `cannot read ${file}: ${code}`,
    );
  }
}

const block =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** All of a file, the first one first. @throws TlsFileError where there is none, or one that is none */
function certificatesIn(
  text: string,
  key: TlsFileKey,
  file: string,
): [X509Certificate, ...X509Certificate[]] {
  const found = [...text.matchAll(block)].map(([pem]) => {
    try {
      return new X509Certificate(pem);
    } catch {
      throw new TlsFileError(key, `${file} holds a certificate that is none`);
    }
  });
  const [first, ...more] = found;
  if (!first) throw new TlsFileError(key, `${file} holds no certificate in PEM`);
  return [first, ...more];
}

function privateKey(pem: string, file: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new TlsFileError("keyFile", `${file} holds no private key in PEM that needs no password`);
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
