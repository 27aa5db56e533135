import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { parsePasswordHash } from "../../spec/credential-hash.ts";
import { isPassword, nobodysHash } from "./password-hash.ts";

/** Right passwords that are remembered, comparisons at a time, and such as wait: each takes a core a tenth of a second. */
const most = { remembered: 1000, comparisons: 1, waiting: 32 };

/**
 * Compares passwords with their hashes. A comparison is expensive on purpose, so what was right is remembered, as a digest with a
 * key that this process alone has; wrong ones wait for each other, and are no load beyond that.
 */
export class PasswordCheck {
  readonly #key = randomBytes(32);
  /** By declared hash: of the password that was right. */
  readonly #right = new Map<string, Buffer>();
  #line: (() => void)[] = [];
  #comparing = 0;

  /**
   * @param declared undefined: there is no such user, which is not to be told from a wrong password
   * @throws PromfleetError TENANT_BUSY where too many wait
   */
  async isRight(password: string, declared: string | undefined): Promise<boolean> {
    const digest = createHmac("sha256", this.#key).update(password).digest();
    const known = declared === undefined ? undefined : this.#right.get(declared);
    if (known && timingSafeEqual(known, digest)) return true;
    const hash = declared === undefined ? undefined : parsePasswordHash(declared);
    await this.#turn();
    try {
      const isRight = await isPassword(password, hash ?? nobodysHash);
      if (!isRight || !hash || declared === undefined) return false;
      if (this.#right.size >= most.remembered) this.#right.clear();
      this.#right.set(declared, digest);
      return true;
    } finally {
      this.#comparing--;
      this.#line.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    if (this.#comparing >= most.comparisons) {
      if (this.#line.length >= most.waiting)
        throw new PromfleetError({
          code: "TENANT_BUSY",
          message: "too many passwords are being compared",
        });
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#line.push(resolve);
      await promise;
    }
    this.#comparing++;
  }
}
