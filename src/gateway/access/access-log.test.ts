import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { until } from "../../../e2e/harness/until.ts";
import { AccessLog } from "./access-log.ts";
import { accessLine } from "./access-line.ts";
import { logStream } from "./log-stream.ts";
import { requestId } from "./request-id.ts";
import { RequestRecord } from "./request-record.ts";

function recordOf(text = "up", userAgent = "curl/8"): RequestRecord {
  const time = Date.UTC(2026, 0, 2);
  const record = new RequestRecord({ method: "GET", id: "r-1", client: "10.0.0.9", userAgent, time });
  return Object.assign(record, { handler: "query", status: 200, text, bytes: 120, tookMs: 12.3456 });
}

test("a line tells what was asked, how it was answered and by whom", () => {
  const record = recordOf("sum(up)");
  record.ways.push("cut", "evaluate");
  record.answeredBy("0", "main-0-a");
  record.came(70);
  record.queuedMs = 0.5;
  expect(accessLine(record)).toBe(
    '{"time":"2026-01-02T00:00:00.000Z","id":"r-1","client":"10.0.0.9","method":"GET","handler":"query","status":200,' +
      '"ending":"whole","ways":["cut","evaluate"],"shards":["0"],"replicas":["main-0-a"],"bytes":120,"fetchedBytes":70,' +
      '"seconds":0.012346,"queueSeconds":0.0005,"userAgent":"curl/8","query":"sum(up)"}\n',
  );
});

test("a line is one line, of bounded length, and holds no password of a URL", () => {
  const said = accessLine(
    recordOf('probe_success{instance="https://me:hunter2@host/x"}\n or up', "a\r\nb //x:hunter2@y"),
  );
  expect(said.trimEnd()).not.toMatch(/[\n\r]/);
  expect(said).not.toContain("hunter2");
  expect(JSON.parse(said)).toMatchObject({
    query: 'probe_success{instance="https://…@host/x"}\n or up',
    userAgent: "a\r\nb //…@y",
  });
  expect(accessLine(recordOf("😀".repeat(100_000), "x".repeat(10_000))).length).toBeLessThan(5000);
  // a password that is cut in its middle is none the less one
  expect(accessLine(recordOf(`${"x".repeat(1970)} https://me:hunter2hunter2hunter2@host`))).not.toContain(
    "hunter2",
  );
});

test("a request keeps the id that it has, where that is harmless", () => {
  expect(requestId("grafana/42:a.b-c=")).toBe("grafana/42:a.b-c=");
  for (const strange of [undefined, "", "a b", 'x"', "x\n", "é", "x".repeat(129)])
    expect(requestId(strange)).toMatch(/^[\da-f-]{36}$/);
});

test("nothing is opened while it is off, and a reader that has gone is not waited for", () => {
  let isOn = false;
  let opened = 0;
  const stream = new Writable({ write: (_, __, done) => done() });
  const log = new AccessLog(
    () => isOn,
    () => {
      opened++;
      return stream;
    },
  );
  log.write(recordOf());
  expect([opened, log.state]).toEqual([0, { written: 0, dropped: 0 }]);
  isOn = true;
  log.write(recordOf());
  stream.destroy();
  log.write(recordOf());
  expect([opened, log.state]).toEqual([1, { written: 1, dropped: 1 }]);
});

test("while a pipe is not read, nobody waits: lines are dropped and counted, and come whole again afterwards", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "promfleet-access-"));
  const pipe = path.join(folder, "pipe");
  execFileSync("/bin/sh", ["-c", 'mkfifo "$0"', pipe]);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(pipe, constants.O_WRONLY);
  try {
    let stream: Writable | undefined;
    const log = new AccessLog(
      () => true,
      () => (stream = logStream(writer)),
    );
    let most = 0;
    for (let at = 0; at < 5000; at++) {
      const began = performance.now();
      log.write(recordOf("x".repeat(1000)));
      most = Math.max(most, performance.now() - began);
    }
    expect(most).toBeLessThan(500);
    const { written, dropped } = log.state;
    expect([written + dropped, dropped > 4000]).toEqual([5000, true]);
    let text = "";
    const buffer = Buffer.alloc(1 << 20);
    const drain = () => {
      try {
        text += buffer.toString("utf8", 0, readSync(reader, buffer));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      }
      return stream?.writableLength === 0 && text.split("\n").length - 1 === log.state.written;
    };
    await until("all that was taken is read", 5000, drain);
    log.write(recordOf("the last"));
    await until("it goes on", 5000, () => drain() && text.includes("the last"));
    for (const line of text.trimEnd().split("\n")) JSON.parse(line);
    stream?.destroy();
  } finally {
    closeSync(reader);
    closeSync(writer);
    rmSync(folder, { recursive: true });
  }
});

test("a file takes all lines, whole and behind what others have written", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "promfleet-access-"));
  const file = path.join(folder, "log");
  const descriptor = openSync(file, "a");
  try {
    const stream = logStream(descriptor);
    const log = new AccessLog(
      () => true,
      () => stream,
    );
    for (let at = 0; at < 100; at++) log.write(recordOf(String(at)));
    await until("it is written", 5000, () => stream.writableLength === 0);
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { query: string }).query)).toEqual(
      Array.from({ length: 100 }, (_, at) => String(at)),
    );
  } finally {
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  }
});
