import { type ScryptOptions, createHash, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { type PasswordHash, hashMemory, printPasswordHash } from "../../spec/credential-hash.ts";

/** About a tenth of a second, and 16 MB while it lasts. */
const terms = { cost: 16_384, blockSize: 8, parallelization: 5 };
const bytes = { salt: 16, hash: 32 };

/** What a tenant is declared with: `scrypt$N$r$p$salt$hash`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(bytes.salt);
  const hash = await derived(password, { ...terms, salt, hash: Buffer.alloc(bytes.hash) });
  return printPasswordHash({ ...terms, salt, hash });
}

/** What a tenant is declared with for a random token: `sha256$…`. */
export function hashToken(token: string): string {
  return `sha256$${createHash("sha256").update(token).digest("hex")}`;
}

/** Takes as long whether it is right or not. */
export async function isPassword(password: string, declared: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derived(password, declared), declared.hash);
}

/** For users that there are not: takes as long as for one that there is. */
export const nobodysHash: PasswordHash = {
  ...terms,
  salt: randomBytes(bytes.salt),
  hash: randomBytes(bytes.hash),
};

async function derived(password: string, { salt, hash, ...costs }: PasswordHash): Promise<Buffer> {
  const options: ScryptOptions = { ...costs, maxmem: 2 * hashMemory };
  return await new Promise((resolve, reject) => {
    scrypt(password, salt, hash.length, options, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
