import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** What a certificate of a test says. */
export interface Wanted {
  commonName: string;
  /** DNS names among the alternative names; IP addresses, where all four parts are numbers. */
  names?: readonly string[];
  /** Who signs it; left out: it signs itself. */
  by?: TestCertificate;
  /** Whether it may sign others. */
  isCa?: boolean;
  /** Days from now from which and up to which it is good. */
  days?: readonly [number, number];
}

/** A certificate with its key. */
export interface TestCertificate {
  /** Both PEM. */
  cert: string;
  key: string;
  /** As signers need it. */
  name: Buffer;
  privateKey: KeyObject;
}

const day = 24 * 3600e3;

/** A certificate of X.509 version 3 for tests (RFC 5280), P-256 and SHA-256: made here, so that tests need no program for it. */
export function testCertificate(wanted: Wanted): TestCertificate {
  const { commonName, names = [], by, isCa = false, days = [-1, 30] } = wanted;
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(set(sequence(objectId("550403"), tlv(0x0c, Buffer.from(commonName)))));
  const [from, to] = days.map((count) => utcTime(new Date(Date.now() + count * day)));
  if (!from || !to) throw new Error("two days are needed");
  const extensions = [
    extension("551d13", sequence(...(isCa ? [tlv(0x01, Buffer.from([0xff]))] : []))),
    ...(names.length > 0 ? [extension("551d11", sequence(...names.map(alternativeName)))] : []),
  ];
  const content = sequence(
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    signatureAlgorithm,
    by?.name ?? name,
    sequence(from, to),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    tlv(0xa3, sequence(...extensions)),
  );
  const signature = sign("sha256", content, by?.privateKey ?? privateKey);
  const whole = sequence(content, signatureAlgorithm, bits(signature));
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${whole.toString("base64").replaceAll(/.{64}/g, "$&\n").trim()}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    name,
    privateKey,
  };
}

// DER: ITU-T X.690

function tlv(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  // Go takes the shortest form only
  if (length < 0x100) return Buffer.concat([Buffer.from([tag, 0x81, length]), content]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content]);
}

const sequence = (...parts: readonly Buffer[]) => tlv(0x30, Buffer.concat(parts));
const set = (...parts: readonly Buffer[]) => tlv(0x31, Buffer.concat(parts));
const integer = (bytes: Buffer) => tlv(0x02, bytes);
const bits = (bytes: Buffer) => tlv(0x03, Buffer.concat([Buffer.from([0]), bytes]));
const objectId = (hex: string) => tlv(0x06, Buffer.from(hex, "hex"));
const extension = (id: string, value: Buffer) => sequence(objectId(id), tlv(0x04, value));
/** ecdsa-with-SHA256 */
const signatureAlgorithm = sequence(objectId("2a8648ce3d040302"));

function alternativeName(name: string): Buffer {
  const parts = name.split(".").map(Number);
  const isAddress = parts.length === 4 && parts.every((part) => Number.isInteger(part));
  return isAddress ? tlv(0x87, Buffer.from(parts)) : tlv(0x82, Buffer.from(name));
}

/** Of years up to 2049. */
function utcTime(time: Date): Buffer {
  const text = time.toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return tlv(0x17, Buffer.from(text.slice(2)));
}
