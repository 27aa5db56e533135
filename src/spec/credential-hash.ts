/** What is kept in the place of a password: a salted hash that takes long to make. */
export interface PasswordHash {
  /** The cost, a power of two; the block size; the parallelisation (RFC 7914). */
  cost: number;
  blockSize: number;
  parallelization: number;
  salt: Buffer;
  hash: Buffer;
}

/** Bytes that one comparison may take, whatever a hash says: 128 times cost and block size. */
export const hashMemory = 64 * 1024 ** 2;

const base64 = "[A-Za-z0-9+/]+={0,2}";
const scrypt = new RegExp(`^scrypt\\$(\\d{1,8})\\$(\\d{1,3})\\$(\\d{1,3})\\$(${base64})\\$(${base64})$`);

/** `scrypt$N$r$p$salt$hash`, as `promfleet hash-password` prints it; undefined where it is none. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const [, cost = "", blockSize = "", parallelization = "", salt = "", hash = ""] = scrypt.exec(text) ?? [];
  const parsed = {
    cost: Number(cost),
    blockSize: Number(blockSize),
    parallelization: Number(parallelization),
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
  };
  const isPower = parsed.cost >= 1024 && Number.isInteger(Math.log2(parsed.cost));
  const isBounded = 128 * parsed.cost * parsed.blockSize <= hashMemory && parsed.parallelization <= 16;
  const isSound = parsed.blockSize > 0 && parsed.parallelization > 0;
  const isLong = parsed.salt.length >= 8 && parsed.hash.length >= 16 && parsed.hash.length <= 64;
  return isPower && isSound && isBounded && isLong ? parsed : undefined;
}

export function printPasswordHash(hash: PasswordHash): string {
  const { cost, blockSize, parallelization } = hash;
  const texts = [hash.salt, hash.hash].map((bytes) => bytes.toString("base64"));
  return ["scrypt", cost, blockSize, parallelization, ...texts].join("$");
}

/** The 32 bytes of `sha256$…` in hexadecimal digits, which stands for a random token; undefined where it is none. */
export function parseTokenHash(text: string): Buffer | undefined {
  const digits = /^sha256\$([0-9a-f]{64})$/.exec(text)?.[1];
  return digits === undefined ? undefined : Buffer.from(digits, "hex");
}
