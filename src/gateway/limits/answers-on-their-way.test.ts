import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../../../e2e/harness/until.ts";
import { AnswersOnTheirWay, type AnswersLimits } from "./answers-on-their-way.ts";

/** More than the system holds of a connection by itself. */
const size = 16 * 1024 ** 2;

async function serving(limits: AnswersLimits, waitedFor?: () => number) {
  const answers = new AnswersOnTheirWay(limits);
  const server = createServer((_, response) => {
    answers.add(response, waitedFor);
    response.end(Buffer.alloc(size));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const ask = () => {
    const socket = connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    const client = { socket, bytes: 0, isClosed: false };
    socket.pause();
    socket.on("data", ({ length }) => (client.bytes += length));
    socket.on("close", () => (client.isClosed = true));
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
    return client;
  };
  return { answers, ask };
}

test("of more bytes than may wait those are given up that nobody has read for longest", async () => {
  const { answers, ask } = await serving({
    bytes: 1.5 * size,
    answers: 10,
    patience: 300,
    shortPatience: 300,
  });
  const [first, reading] = [ask(), ask()];
  reading.socket.resume();
  await until("one waits", 5000, () => answers.state.bytes > 0);
  expect(first.isClosed).toBe(false);
  const more = [ask(), ask()];
  await until(
    "enough of them are given up",
    10_000,
    () => answers.state.bytes <= 1.5 * size && answers.state.givenUp > 0,
  );
  await until("one has it all", 5000, () => reading.bytes > size);
  for (const { socket } of [first, ...more]) socket.resume();
  await until("the first one is cut", 5000, () => first.isClosed);
  expect(first.bytes).toBeLessThan(size);
  await until("another one has it all", 10_000, () => more.some(({ bytes }) => bytes > size));
});

test("so are those beyond a number of answers; who has read all is none of them", async () => {
  const { answers, ask } = await serving({
    bytes: 100 * size,
    answers: 1,
    patience: 300,
    shortPatience: 300,
  });
  const [slow, other] = [ask(), ask()];
  await until("one is given up", 10_000, () => answers.state.givenUp === 1);
  for (const { socket } of [slow, other]) socket.resume();
  await until("the other one has it all", 10_000, () => slow.bytes > size || other.bytes > size);
  await until(
    "nothing is on its way",
    5000,
    () => answers.state.answers === 1 || answers.state.answers === 0,
  );
  expect(answers.state.bytes).toBe(0);
});

test("an answer for which there is no room waits until one is taken or given up, and no longer than it is wanted", async () => {
  const limits = { bytes: 100 * size, answers: 1, patience: 60_000, shortPatience: 300 };
  const { answers, ask } = await serving(limits);
  await answers.room(AbortSignal.timeout(1));
  const slow = ask();
  await until("it is on its way", 5000, () => answers.state.answers === 1);
  const gone = new AbortController();
  const unwanted = answers.room(gone.signal);
  gone.abort(new Error("the client has left"));
  await expect(unwanted).rejects.toThrow("the client has left");
  expect(answers.state.givenUp).toBe(0);
  await answers.room(AbortSignal.timeout(10_000));
  expect(answers.state).toMatchObject({ answers: 0, givenUp: 1 });
  slow.socket.resume();
});

test("what others wait for in another line is given up by those that take nothing, as often as somebody waits", async () => {
  let waiting = 0;
  const limits = { bytes: 100 * size, answers: 10, patience: 60_000, shortPatience: 300 };
  const { answers, ask } = await serving(limits, () => waiting);
  const clients = [ask(), ask(), ask()];
  clients[2]?.socket.resume();
  await until("two wait", 5000, () => answers.state.answers === 2 && answers.state.bytes > size);
  waiting = 1;
  await until("one is given up", 5000, () => {
    if (answers.state.givenUp === 0) return false;
    waiting = 0;
    return true;
  });
  expect(answers.state).toMatchObject({ answers: 1, givenUp: 1 });
  expect(clients[2]?.bytes).toBeGreaterThan(size);
});
