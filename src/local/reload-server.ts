import { setTimeout as pause } from "node:timers/promises";
import { PromfleetError } from "../errors/promfleet-error.ts";
import type { DesiredProcess, DesiredServer } from "./desired-processes.ts";
import { httpGet } from "../servers/http-get.ts";
import { lastWords } from "./last-words.ts";
import type { Member } from "./local-fleet.ts";
import { logSize } from "./log-file.ts";
import { removeOldRuleFiles, writeFiles } from "./member-files.ts";
import { signalProcess } from "./process-identity.ts";
import { provesConfig } from "./proves-config.ts";
import type { StatePaths } from "./state-paths.ts";

/** ms */
const requestTimeout = 5000;
const poll = 100;
const deadline = 60_000;

/**
 * Gives a running server a new configuration. It is believed only when the server shows it.
 * @throws PromfleetError CHANGE_FAILED when the server refuses it or does not show it in time; then it has its old files again, and
 * has been told so
 */
export async function reloadServer(member: Member, next: DesiredProcess, paths: StatePaths): Promise<void> {
  const before = member.desired;
  if (!next.server || !before.server) throw new Error(`${next.name} is no server`);
  await writeFiles(paths.root, next.server.files);
  const refusal = await hup(member, next, next.server, paths);
  if (refusal === undefined) {
    member.desired = next;
    await removeOldRuleFiles(paths.server(next.name), ruleNames(next.server));
    return;
  }
  await writeFiles(paths.root, before.server.files);
  await hup(member, before, before.server, paths);
  throw new PromfleetError({
    code: "CHANGE_FAILED",
    message: `${next.name} does not take its new configuration: ${refusal}`,
  });
}

/** @returns undefined once the server shows the configuration; else why it does not */
async function hup(
  member: Member,
  desired: DesiredProcess,
  server: DesiredServer,
  paths: StatePaths,
): Promise<string | undefined> {
  const log = paths.log(desired.name);
  const before = await logSize(log);
  const wasWell = await lastReloadSucceeded(desired.url);
  const { identity } = member.kept;
  if (!identity || !signalProcess(identity, "SIGHUP")) return "it is not running";
  const until = performance.now() + deadline;
  while (performance.now() < until) {
    if (await provesConfig(desired.url, server)) return undefined;
    // it died meanwhile: started again, it reads the files as they are
    if (member.kept.identity !== identity && member.kept.state !== "ready") await pause(poll);
    else if (wasWell && (await lastReloadSucceeded(desired.url)) === false)
      return (await lastWords(log, before)) ?? "it says that the reload failed";
    await pause(poll);
  }
  return (await lastWords(log, before)) ?? `it does not show it within ${deadline / 1000} s`;
}

/** The server's own word on its last reload; undefined when it does not answer. */
async function lastReloadSucceeded(url: string): Promise<boolean | undefined> {
  const metrics = await httpGet(`${url}/metrics`, requestTimeout).catch(() => undefined);
  const value = /^prometheus_config_last_reload_successful (\d)/m.exec(metrics?.body ?? "")?.[1];
  return value === undefined ? undefined : value === "1";
}

function ruleNames(server: DesiredServer): ReadonlySet<string> {
  return new Set(server.files.map((file) => file.path.split("/").at(-1) ?? ""));
}
