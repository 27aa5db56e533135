import { PromfleetError } from "../../errors/promfleet-error.ts";
import type { RenderedServer } from "../render-servers.ts";
import type { KubernetesObject } from "./kubernetes-object.ts";

/** Bytes of an object; etcd takes 1.5 MB of base64. */
const largest = 900_000;
/** How many objects a server's configuration may be spread over: all of them stand in its volume from the beginning. */
const parts = 4;

/** By which what a pod has in its volume is known. */
export const generationAnnotation = "promfleet.dev/generation";

/** Names of the Secrets that a server's volume is made of; all but the first may be absent. */
export function configSecretNames(server: string): string[] {
  return Array.from({ length: parts }, (_, part) => (part === 0 ? server : `${server}-${part}`));
}

/**
 * The configuration of one server, and beside it what is no part of it. It may hold passwords, and one that is broken is one server's alone.
 * @param beside further files by their names
 * @throws PromfleetError CONFIG_TOO_LARGE
 */
export function configSecrets(
  { server, folder, files, generation }: RenderedServer,
  metadata: KubernetesObject["metadata"],
  beside: Readonly<Record<string, string>> = {},
): KubernetesObject[] {
  const secrets: { size: number; stringData: Record<string, string> }[] = [
    { size: 0, stringData: { ...beside } },
  ];
  for (const { path, content } of files) {
    const size = Buffer.byteLength(content);
    let secret = secrets.find((one) => one.size + size <= largest);
    if (!secret) {
      secret = { size: 0, stringData: {} };
      secrets.push(secret);
    }
    secret.size += size;
    // no name has a slash: a Secret's keys have none
    secret.stringData[path.slice(folder.length + 1)] = content;
  }
  const overfull = secrets.find(({ size }) => size > largest);
  if (overfull || secrets.length > parts)
    throw new PromfleetError({
      code: "CONFIG_TOO_LARGE",
      message: `the configuration of ${server.name} has ${files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0)} bytes, the largest file ${Math.max(...files.map(({ content }) => Buffer.byteLength(content)))}`,
    });
  const names = configSecretNames(server.name);
  return secrets.map(({ stringData }, part) => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      ...metadata,
      name: names[part] ?? server.name,
      annotations: { [generationAnnotation]: generation },
    },
    type: "Opaque",
    stringData,
  }));
}
