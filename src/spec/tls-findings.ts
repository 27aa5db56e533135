import type { ErrorCode } from "../errors/catalogue.ts";
import type { ValuePath } from "./input-document.ts";
import { listIn } from "./job-findings.ts";
import { type Finding, pathText } from "./schema-complaints.ts";
import { isMap } from "./shown-value.ts";

/**
 * What speaks of client certificates where nothing says which are good. Takes anything.
 * @param gateway a map with tls and tenants
 * @param path of it
 */
export function tlsFindings(gateway: unknown, path: ValuePath, code: ErrorCode): Finding[] {
  if (!isMap(gateway)) return [];
  const { tls } = gateway;
  if (isMap(tls) && tls["clientCaFile"] !== undefined) return [];
  const ca = pathText([...path, "tls", "clientCaFile"]);
  const lacking = (at: ValuePath): Finding => ({
    code,
    message: `${pathText(at)} needs ${ca}, by which client certificates are verified`,
    path: at,
  });
  return [
    ...(isMap(tls) && tls["clientAuthType"] !== undefined
      ? [lacking([...path, "tls", "clientAuthType"])]
      : []),
    ...listIn(gateway, "tenants").flatMap((tenant, index) =>
      listIn(tenant, "certificates").length > 0 ? [lacking([...path, "tenants", index, "certificates"])] : [],
    ),
  ];
}
