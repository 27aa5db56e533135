import { parseMatcher } from "../promql/enforce-matchers.ts";
import { reservedPrefix } from "../promql/reserved.ts";
import type { ErrorCode } from "../errors/catalogue.ts";
import { parsePasswordHash, parseTokenHash } from "./credential-hash.ts";
import type { ValuePath } from "./input-document.ts";
import { listIn } from "./job-findings.ts";
import { regexMistake } from "./re2-syntax.ts";
import { type Finding, pathText } from "./schema-complaints.ts";
import { isMap } from "./shown-value.ts";

/** Codes for a value that is wrong, and for a name that is there twice. */
export interface TenantCodes {
  invalid: ErrorCode;
  duplicate: ErrorCode;
}

const advice = {
  password: "Put in what `promfleet hash-password` prints: passwords themselves have no place in files.",
  token: "Put in what `promfleet hash-password --token` prints: tokens themselves have no place in files.",
};

/**
 * What is wrong with the tenants of a gateway, apart from their shape. Takes anything. What may be a password is not repeated.
 * @param gateway a map with tenants
 * @param path of it
 */
export function tenantFindings(gateway: unknown, path: ValuePath, codes: TenantCodes): Finding[] {
  const seen = new Map<string, string>();
  const once = (kind: string, value: unknown, at: ValuePath): Finding[] => {
    if (typeof value !== "string") return [];
    const key = `${kind} ${value}`;
    const before = seen.get(key);
    if (before === undefined) seen.set(key, pathText(at));
    return before === undefined
      ? []
      : [{ code: codes.duplicate, message: `${pathText(at)} is that of ${before} too`, path: at }];
  };
  return listIn(gateway, "tenants").flatMap((tenant, index) => {
    const own = [...path, "tenants", index];
    if (!isMap(tenant)) return [];
    return [
      ...once("name", tenant["name"], [...own, "name"]),
      ...rightFindings(tenant, own, codes.invalid),
      ...listIn(tenant, "matchers").flatMap((matcher, at) =>
        typeof matcher === "string" ? matcherFindings(matcher, [...own, "matchers", at], codes.invalid) : [],
      ),
      ...listIn(tenant, "basic").flatMap((user, at) => {
        const there = [...own, "basic", at];
        if (!isMap(user)) return [];
        const hash = user["passwordHash"];
        const isWrong = typeof hash === "string" && parsePasswordHash(hash) === undefined;
        return [
          ...once("user", user["user"], [...there, "user"]),
          ...(isWrong ? [notHashed([...there, "passwordHash"], codes.invalid, advice.password)] : []),
        ];
      }),
      ...listIn(tenant, "bearer").flatMap((token, at) => {
        const there = [...own, "bearer", at, "tokenHash"];
        const hash = isMap(token) ? token["tokenHash"] : undefined;
        if (typeof hash !== "string") return [];
        if (!parseTokenHash(hash)) return [notHashed(there, codes.invalid, advice.token)];
        return once("token", hash, there);
      }),
      ...listIn(tenant, "certificates").flatMap((certificate, at) => {
        const there = [...own, "certificates", at];
        if (!isMap(certificate)) return [];
        const names = ["commonName", "san"].filter((name) => certificate[name] !== undefined);
        return names.length === 1
          ? once(names[0] ?? "", certificate[names[0] ?? ""], [...there, names[0] ?? ""])
          : [
              {
                code: codes.invalid,
                message: `${pathText(there)} needs one of commonName and san`,
                path: there,
              },
            ];
      }),
    ];
  });
}

function rightFindings(
  tenant: Readonly<Record<string, unknown>>,
  path: ValuePath,
  code: ErrorCode,
): Finding[] {
  const { matchers, everything = false } = tenant;
  const ways = ["basic", "bearer", "certificates"].flatMap((way) => listIn(tenant, way));
  const nobody = {
    code,
    message: `${pathText(path)} has no way to show who it is; basic, bearer or certificates is expected`,
    path,
  };
  const unclear = {
    code,
    message: `${pathText(path)} has ${everything === true ? "both matchers and `everything: true`" : "no matchers"}; one of matchers and \`everything: true\` is expected`,
    path,
  };
  return [
    ...(ways.length === 0 ? [nobody] : []),
    ...((matchers === undefined) === (everything === true) ? [] : [unclear]),
  ];
}

function matcherFindings(text: string, path: ValuePath, code: ErrorCode): Finding[] {
  const matcher = parseMatcher(text);
  const wrong = (why: string): Finding[] => [{ code, message: `${pathText(path)} ${why}`, path }];
  if (!matcher)
    return wrong(
      `is no matcher of one label other than __name__, such as namespace="shop", without comments`,
    );
  if (matcher.name.startsWith(reservedPrefix)) return wrong("is of a name that is promfleet's own");
  const mistake = matcher.op.endsWith("~") ? regexMistake(matcher.value) : undefined;
  return mistake === undefined ? [] : wrong(`has a regular expression that is none: ${mistake}`);
}

const notHashed = (path: ValuePath, code: ErrorCode, advice: string): Finding => ({
  code,
  message: `${pathText(path)} is no hash of the kind that promfleet makes`,
  path,
  advice,
});
