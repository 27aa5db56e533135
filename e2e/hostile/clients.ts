import { setTimeout as pause } from "node:timers/promises";
import type { Socket } from "node:net";
import type { CheckContext } from "../harness/check.ts";
import { until } from "../harness/until.ts";
import { type ClientCase, clientCases } from "./client-cases.ts";
import { type RawAnswer, rawAsk, rawSocket } from "./raw-client.ts";

type Report = CheckContext["report"];

/** ms in which anything is answered. */
const longest = 15_000;

/** Requests that are wrong: a clear answer to each, one, and the connection ends where nothing more can be understood. */
export async function claimRequests(report: Report, port: number): Promise<void> {
  const wrong: string[] = [];
  let slowest = { name: "", took: 0 };
  await inTurns(clientCases, async (one) => {
    const answer = await rawAsk(port, one.send, one.answers === 0 ? 1000 : longest);
    if (answer.took > 1000) report.figure("slow", `${one.name}: ${answer.took.toFixed(0)} ms`);
    const why = complaint(one, answer);
    if (why !== undefined) wrong.push(`${one.name}: ${why}`);
    if (answer.took > slowest.took) slowest = { name: one.name, took: answer.took };
  });
  for (const one of wrong) report.figure("not so", one);
  report.claim(
    "requests that are wrong or rare: one clear answer each",
    wrong.length === 0,
    `${wrong.length} of ${clientCases.length} not, the slowest after ${slowest.took.toFixed(0)} ms: ${slowest.name}`,
  );
}

/** So many at a time. */
const atOnce = 4;

async function inTurns<T>(all: readonly T[], act: (one: T) => Promise<void>): Promise<void> {
  const left = all.values();
  const work = async () => {
    for (const one of left) await act(one);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

function complaint({ want, answers = 1, says, ends }: ClientCase, answer: RawAnswer): string | undefined {
  const { statuses, text, isClosed, took } = answer;
  const told = `${statuses.join(" ") || "nothing"}${isClosed ? ", closed" : ""}, ${took.toFixed(0)} ms: ${text.slice(0, 200).replaceAll(/\s+/g, " ")}`;
  if (answers === "at most one" ? statuses.length > 1 : statuses.length !== answers)
    return `${statuses.length} answers: ${told}`;
  if (want !== "any" && !statuses.every((status) => want.includes(status))) return told;
  if (says && !says.test(text)) return told;
  if (ends && !isClosed) return `the connection stays: ${told}`;
  return undefined;
}

/** Clients that send a byte now and then; held until they are ended. */
export class SlowClients {
  readonly #sockets: { socket: Socket; ended: Promise<number>; text: () => string }[] = [];
  readonly #timer: NodeJS.Timeout;

  private constructor(everyMs: number) {
    this.#timer = setInterval(() => {
      for (const { socket } of this.#sockets) if (!socket.destroyed) socket.write("x");
    }, everyMs);
  }

  /** @param beginning of each request */
  static async start(port: number, count: number, beginning: string, everyMs = 500): Promise<SlowClients> {
    const clients = new SlowClients(everyMs);
    for (let each = 0; each < count; each++) {
      const socket = await rawSocket(port);
      const began = performance.now();
      let text = "";
      socket.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
      const { promise, resolve } = Promise.withResolvers<number>();
      const over = () => resolve(performance.now() - began);
      socket.once("end", over);
      socket.once("close", over);
      clients.#sockets.push({ socket, ended: promise, text: () => text });
      socket.write(beginning);
    }
    return clients;
  }

  /** Waits until all are ended by the other side. @returns ms that the last one took, and what it was told */
  async allEnded(withinMs: number): Promise<{ left: number; longest: number; told: Record<string, number> }> {
    const over = new AbortController();
    const ended = this.#sockets.map(async ({ ended }) =>
      Promise.race([ended, pause(withinMs, undefined, { signal: over.signal }).catch(() => undefined)]),
    );
    const took = await Promise.all(ended);
    over.abort();
    const told: Record<string, number> = {};
    for (const { text } of this.#sockets) {
      const line = text().split("\r\n", 1)[0] ?? "";
      told[line] = (told[line] ?? 0) + 1;
    }
    const known = took.filter((ms) => ms !== undefined);
    return { left: took.length - known.length, longest: Math.max(0, ...known), told };
  }

  end(): void {
    clearInterval(this.#timer);
    for (const { socket } of this.#sockets) socket.destroy();
  }
}

/** Clients that leave in the middle of their answers. @param openNow requests that the gateway has not answered */
export async function claimResets(
  report: Report,
  port: number,
  path: string,
  openNow: () => Promise<number>,
): Promise<void> {
  const count = 100;
  const met = await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = await rawSocket(port);
      const { promise, resolve } = Promise.withResolvers<boolean>();
      socket.once("data", () => {
        socket.resetAndDestroy();
        resolve(true);
      });
      socket.once("close", () => resolve(false));
      socket.write(`GET ${path} HTTP/1.1\r\nHost: gateway\r\n\r\n`);
      return await promise;
    }),
  );
  const begun = met.filter(Boolean).length;
  const left = await until("nothing of them is left", 10_000, async () => (await openNow()) <= 1).then(
    () => 0,
    async () => await openNow(),
  );
  report.claim(
    `${count} clients that reset within their answers: nothing is left of them`,
    begun > count / 2 && left === 0,
    `${begun} had begun to be answered, ${left} requests are left`,
  );
}
