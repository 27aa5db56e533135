/** How the gateway speaks TLS: the same in fleet.yaml and in topology.json. Keys and words are those of Prometheus' web configuration. */
export interface GatewayTls {
  /** Paths of PEM files; in a spec relative to its folder. */
  certFile: string;
  keyFile: string;
  /** Undefined: no client is asked for a certificate. */
  clientCaFile: string | undefined;
  /** Undefined with clientCaFile: VerifyClientCertIfGiven. */
  clientAuthType: ClientAuthType | undefined;
  minVersion: (typeof tlsVersions)[number];
}

export type ClientAuthType = (typeof clientAuthTypes)[number];

/** What a client needs: those of Go's policies that verify what they are given. */
export const clientAuthTypes = ["VerifyClientCertIfGiven", "RequireAndVerifyClientCert"] as const;
export const tlsVersions = ["TLS12", "TLS13"] as const;

/** The keys that name files. */
export const tlsFileKeys = ["certFile", "keyFile", "clientCaFile"] as const;

/** The same with other names of its files. */
export function withTlsFiles(tls: GatewayTls, rename: (file: string) => string): GatewayTls {
  const { certFile, keyFile, clientCaFile } = tls;
  return {
    certFile: rename(certFile),
    keyFile: rename(keyFile),
    clientCaFile: clientCaFile === undefined ? undefined : rename(clientCaFile),
    clientAuthType: tls.clientAuthType,
    minVersion: tls.minVersion,
  };
}
