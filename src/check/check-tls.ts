import path from "node:path";
import { PromfleetError } from "../errors/promfleet-error.ts";
import type { PositionOf } from "../plan/plan-fleet.ts";
import type { FleetSpec } from "../spec/fleet-spec.ts";
import { withTlsFiles } from "../spec/gateway-tls.ts";
import { readTlsFiles, TlsFileError } from "../tls/tls-files.ts";

/**
 * Reads the files of spec.gateway.tls as the gateway will.
 * @param baseDir absolute: what their names are relative to
 * @throws PromfleetError TLS_UNUSABLE, at the key of the file
 */
export async function checkTls(
  { gateway: { tls } }: FleetSpec,
  baseDir: string,
  positionOf: PositionOf,
): Promise<void> {
  if (!tls) return;
  try {
    await readTlsFiles(withTlsFiles(tls, (file) => path.resolve(baseDir, file)));
  } catch (error) {
    if (!(error instanceof TlsFileError)) throw error;
    const place = ["spec", "gateway", "tls", error.key];
    throw new PromfleetError(
      { code: "TLS_UNUSABLE", message: `${place.join(".")}: ${error.message}`, at: positionOf(place) },
      { cause: error },
    );
  }
}

/** @throws PromfleetError SPEC_NOT_BUILT where a fleet is declared that can not be on Kubernetes yet */
export function refuseTlsOnKubernetes({ gateway: { tls } }: FleetSpec, positionOf: PositionOf): void {
  if (!tls) return;
  throw new PromfleetError({
    code: "SPEC_NOT_BUILT",
    message: "spec.gateway.tls is not built yet for Kubernetes",
    at: positionOf(["spec", "gateway", "tls"]),
    advice: "Remove it, and let an Ingress or a proxy in front of the gateways' Service speak TLS.",
  });
}
