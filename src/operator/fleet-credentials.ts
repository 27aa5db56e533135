import { randomBytes } from "node:crypto";
import { hash } from "bcryptjs";
import type { ServerCredentials } from "../render/kubernetes/server-credentials.ts";

/** Of bcrypt: about 60 ms once; servers remember what they have compared. */
const rounds = 10;

export function credentialsName(fleet: string): string {
  return `${fleet}-credentials`;
}

/** New ones, that nobody knows. */
export async function newCredentials(): Promise<ServerCredentials> {
  const password = randomBytes(32).toString("base64url");
  return { username: "promfleet", password, hash: await hash(password, rounds) };
}

/** What a Secret holds. @returns undefined where something is missing */
export function readCredentials(
  data: Readonly<Record<string, string>> | undefined,
): ServerCredentials | undefined {
  const { username, password, hash: known } = data ?? {};
  if (!username || !password || !known) return undefined;
  return { username, password, hash: known };
}

/** The header by which servers know who asks. */
export function authorizationOf({ username, password }: ServerCredentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
