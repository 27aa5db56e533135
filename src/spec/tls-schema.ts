import { z } from "zod";
import { clientAuthTypes, type GatewayTls, tlsVersions } from "./gateway-tls.ts";
import { section, text } from "./shapes.ts";

const oneOf = <Word extends string>(words: readonly [Word, ...Word[]]) =>
  z.enum(words, { error: `one of ${words.join(", ")}` });

/** Key of the gateway about TLS, with the words of Prometheus' web configuration file. */
export const tlsKey = () =>
  section({
    certFile: text("the path of a file").describe(
      "Its certificate, PEM, with those that lead to the CA after it.",
    ),
    keyFile: text("the path of a file").describe("The private key of the certificate, PEM, unencrypted."),
    clientCaFile: text("the path of a file")
      .optional()
      .describe(
        "CA certificates, PEM, by which client certificates are verified. Left out: no client is asked for one.",
      ),
    clientAuthType: oneOf(clientAuthTypes)
      .optional()
      .describe(
        "Whether whoever asks has to have a client certificate. Left out: VerifyClientCertIfGiven, with `clientCaFile`.",
      ),
    minVersion: oneOf(tlsVersions).default("TLS12").describe("The oldest version of TLS that is spoken."),
  })
    .optional()
    .describe(
      "HTTPS instead of HTTP. The files are followed: what replaces them is used for new connections. Left out: HTTP.",
    );

/** All its keys are there. */
export function tlsOf(tls: NonNullable<z.output<ReturnType<typeof tlsKey>>>): GatewayTls {
  return { ...tls, clientCaFile: tls.clientCaFile, clientAuthType: tls.clientAuthType };
}
