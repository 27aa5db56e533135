import { isMap } from "../shown-value.ts";

/** Keys of Prometheus' configuration whose values are secrets. */
export const secretKeys: ReadonlySet<string> = new Set([
  "password",
  "credentials",
  "bearer_token",
  "client_secret",
  "secret_key",
  "token",
  "secrets",
  "application_credential_secret",
  "sas_token",
  "api_key",
  "api_token",
  "authorization_token",
  "private_key",
  "key",
]);

/** Keys of a section under which a secret stands in plain text. URLs with a password count. */
export function heldSecrets(section: unknown): string[] {
  if (Array.isArray(section)) return section.flatMap((item: unknown) => heldSecrets(item));
  if (!isMap(section)) return [];
  return Object.entries(section).flatMap(([key, value]) => {
    const holds =
      typeof value === "string"
        ? value !== "" && (secretKeys.has(key) || /^\w+:\/\/[^/@\s]+:[^/@\s]+@/.test(value))
        : Array.isArray(value) && secretKeys.has(key) && value.length > 0;
    return holds ? [key] : heldSecrets(value);
  });
}
