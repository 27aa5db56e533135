import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** What a client shows of itself when hands are shaken. */
export type ClientCertificate =
  | { is: "absent" }
  /** Signed by nobody who is trusted, too old, for something else, … */
  | { is: "bad"; why: string }
  | {
      is: "good";
      /** Of its subject; undefined where there is none, or several. */
      commonName: string | undefined;
      /** DNS names, URIs and e-mail addresses among its alternative names. */
      names: ReadonlySet<string>;
    };

/** A connection has one for all its requests. */
const known = new WeakMap<Socket, ClientCertificate>();

/** Of a connection: absent where it is without TLS, or clients were not asked for one. */
export function clientCertificate(socket: Socket): ClientCertificate {
  const before = known.get(socket);
  if (before) return before;
  const found = lookAt(socket);
  known.set(socket, found);
  return found;
}

function lookAt(socket: Socket): ClientCertificate {
  if (!(socket instanceof TLSSocket)) return { is: "absent" };
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return { is: "absent" };
  if (!socket.authorized) return { is: "bad", why: String(socket.authorizationError) };
  const { subject } = socket.getPeerCertificate();
  const commonName: unknown = subject?.CN;
  return {
    is: "good",
    commonName: typeof commonName === "string" ? commonName : undefined,
    names: new Set(namesIn(certificate.subjectAltName ?? "")),
  };
}

/** Quotes show that a name holds what separates names: such names are nobody's. */
function namesIn(list: string): string[] {
  if (list.includes('"')) return [];
  return list.split(", ").flatMap((name) => {
    const [, value] = /^(?:DNS|URI|email):(.+)$/s.exec(name) ?? [];
    return value === undefined ? [] : [value];
  });
}
