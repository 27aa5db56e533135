import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Check, CheckContext } from "../harness/check.ts";
import { startGateway, topologyText } from "../harness/gateway-alone.ts";
import { type ApiAnswer, ask } from "../harness/http.ts";
import { ours, residentBytes } from "../harness/processes.ts";
import { startPrometheus } from "../harness/prometheus-server.ts";
import { type Ran, promfleet } from "../harness/promfleet.ts";
import { until, untilElapsed } from "../harness/until.ts";
import { Workplace } from "../harness/workplace.ts";
import type { CliCase } from "../wrong-inputs/cli-case.ts";
import { cliCases } from "../wrong-inputs/cli-cases.ts";
import { changes, folderSnapshot } from "../wrong-inputs/folder-snapshot.ts";
import { type HttpCase, httpCases } from "../wrong-inputs/http-cases.ts";
import { putInTheWay } from "../wrong-inputs/obstacles.ts";

export const wrongInputs: Check = {
  name: "wrong-inputs",
  claim: "wrong inputs get a clear error with its place and the right code, and nothing is half written",
  bothVersions: false,
  soakOnly: false,
  run,
};

async function run({ report, prometheus }: CheckContext): Promise<void> {
  {
    await using place = new Workplace("wrong-inputs");
    for (const [index, wrong] of cliCases.entries()) {
      const folder = place.path(String(index));
      await mkdir(folder);
      try {
        await runCliCase(report, wrong, folder);
      } catch (error) {
        report.claim(wrong.name, false, String(error));
      }
    }
  }
  await using place = new Workplace("wrong-requests");
  const servers: string[] = [];
  for (const shard of ["0", "1"]) {
    const options = { folder: place.path(shard), version: prometheus, config: "global: {}\n" };
    servers.push((await startPrometheus(options)).url);
  }
  const shards = servers.map((url) => [url]);
  const gateway = await startGateway(place.folder, shards, prometheus);
  for (const wrong of httpCases) await runHttpCase(report, gateway.url, wrong);
  const resident = () => residentBytes(gateway.pid) / (1 << 20);
  // what the large requests left behind is given back when it is quiet
  await until("memory is given back", 5000, () => resident() < 120).catch(() => undefined);
  report.claim("the gateway is none the larger for it", resident() < 120, `${resident().toFixed(0)} MB`);

  // a gateway that runs keeps to the last topology that was whole
  await writeFile(gateway.topologyFile, '{"shards": [');
  await untilElapsed(2000);
  const heard = await ask(`${gateway.url}/api/v1/query?query=count(up)`);
  report.claim(
    "a topology corrupted under a running gateway is not taken",
    heard.status === 200,
    heard.status,
  );
  await writeFile(gateway.topologyFile, topologyText(shards, prometheus));
}

async function runCliCase(report: CheckContext["report"], wrong: CliCase, folder: string): Promise<void> {
  for (const [name, content] of Object.entries(wrong.files ?? {})) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content);
  }
  await using obstacle = await putInTheWay(wrong.obstacle, folder);
  if (obstacle.missing !== undefined) return report.skip(wrong.name, obstacle.missing);
  const before = await folderSnapshot(folder);
  const running = ours().length;
  const args = wrong.args.map((word) => word.replace("PORT", obstacle.port));
  const ran = await promfleet(args, { cwd: folder, withinMs: 60_000, ...obstacle.running });
  const wrongs = judge(wrong, ran, obstacle.port);
  const changed = changes(before, await folderSnapshot(folder));
  if (changed.length > 0) wrongs.push(`it left ${changed.slice(0, 5).join(", ")}`);
  if (ours().length > running) wrongs.push("it left processes");
  report.claim(wrong.name, wrongs.length === 0, wrongs.length === 0 ? firstLine(ran) : wrongs.join("; "));
}

const firstLine = (ran: Ran): string => `${ran.code}, ${ran.stderr.trim().split("\n")[0] ?? ""}`;

/** What is not as it should be. */
function judge(wrong: CliCase, ran: Ran, port: string): string[] {
  const wrongs: string[] = [];
  const said = `it said: ${ran.stderr.trim().slice(0, 600) || "nothing"}`;
  if (ran.code !== wrong.code) wrongs.push(`exit code ${ran.code} instead of ${wrong.code}`);
  for (const pattern of wrong.says)
    if (!new RegExp(pattern.source.replace("PORT", port), pattern.flags).test(ran.stderr))
      wrongs.push(`stderr does not match ${String(pattern)}`);
  if (/\n\s+at .+:\d+:\d+/.test(ran.stderr)) wrongs.push("a stack trace");
  if (/\[object |\bundefined\b|INTERNAL/.test(ran.stderr)) wrongs.push("not said in the user's terms");
  if (wrongs.length > 0) wrongs.push(said);
  return wrongs;
}

async function runHttpCase(report: CheckContext["report"], gateway: string, wrong: HttpCase): Promise<void> {
  const { path: where, method, headers, body } = wrong;
  try {
    const heard = await ask(`${gateway}${where}`, {
      withinMs: 20_000,
      ...(method === undefined ? {} : { method }),
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body }),
    });
    const text = heard.body.toString();
    const right = wrong.status.includes(heard.status) && saysSo(wrong, heard.status, text);
    report.claim(wrong.name, right, `${heard.status} ${text.trim().slice(0, 200)}`);
  } catch (error) {
    report.claim(wrong.name, false, String(error));
  }
  const healthy = await ask(`${gateway}/-/healthy`).then(
    (heard) => heard.status === 200,
    () => false,
  );
  if (!healthy) report.claim(`the gateway lives after ${wrong.name}`, false);
}

function saysSo(wrong: HttpCase, status: number, text: string): boolean {
  // refused before there is a request to speak of
  if (status === 200 || status === 431 || wrong.errorType === undefined)
    return wrong.says?.test(text) ?? true;
  const answer = JSON.parse(text) as ApiAnswer;
  const isError = answer.status === "error" && answer.errorType === wrong.errorType;
  return isError && (wrong.says?.test(answer.error ?? "") ?? true);
}
