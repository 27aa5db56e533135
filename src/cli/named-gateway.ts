import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { PromfleetError } from "../errors/promfleet-error.ts";
import type { Trust } from "../servers/http-get.ts";
import { namedPath } from "./named-path.ts";
import { existingState, type StateOption } from "./state-option.ts";

/** Which gateway a command asks. */
export interface GatewayOption extends StateOption {
  gateway?: string;
  ca?: string;
  cert?: string;
  key?: string;
}

/** A gateway, and how it is known. */
export interface NamedGateway {
  /** Base URL, without a trailing slash. */
  url: string;
  trust: Trust;
}

/** Gives a command the options by which a gateway is named. */
export function withGateway(command: Command): Command {
  return command
    .option("--gateway <url>", "ask this gateway, instead of that of a fleet on this machine")
    .option("--ca <file>", "CA certificates to know an https gateway by (default those of Node)", namedPath)
    .option("--cert <file>", "client certificate to show to the gateway, with --key", namedPath)
    .option("--key <file>", "its private key", namedPath);
}

/**
 * The gateway that was named, or that of the fleet on this machine.
 * @throws PromfleetError FILE_ABSENT, FILE_UNREADABLE, and what finding a fleet throws
 */
export async function namedGateway({
  gateway,
  ca,
  cert,
  key,
  ...state
}: GatewayOption): Promise<NamedGateway> {
  const trust: Trust = { ca: await pem(ca), cert: await pem(cert), key: await pem(key) };
  if (gateway !== undefined) return { url: gateway.replace(/\/+$/, ""), trust };
  const { readStatus } = await import("../local/read-status.ts");
  const { gateway: url } = await readStatus(await existingState(state));
  // its certificate is for the names that others know it by
  return { url, trust: { ...trust, anyServer: ca === undefined } };
}

async function pem(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  return await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR")
      throw new PromfleetError({ code: "FILE_ABSENT", message: `there is no ${file}` });
    throw new PromfleetError({ code: "FILE_UNREADABLE", message: `cannot read ${file}: ${error.code}` });
  });
}
