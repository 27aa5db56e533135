import { once } from "node:events";
import { type Server, createServer } from "node:http";
import { type AddressInfo, type Socket, connect } from "node:net";
import { onTestFinished, expect, test } from "vitest";
import { until } from "../../../e2e/harness/until.ts";
import { FrontDoor, type FrontDoorLimits } from "./front-door.ts";

interface Front {
  server: Server;
  door: FrontDoor;
  /** Paths and bodies in the order in which they came. */
  asked: string[];
  client: () => Promise<Client>;
}

async function front(limits: Partial<FrontDoorLimits> = {}): Promise<Front> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { socket } = request;
    door.busy(socket);
    response.once("close", () => door.idle(socket));
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      asked.push(`${request.url}${Buffer.concat(chunks).toString()}`);
      if (request.url !== "/held") response.end("good");
    });
  });
  const door = new FrontDoor(server, { connections: 100, silence: 60_000, ...limits });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const clients: Client[] = [];
  onTestFinished(async () => {
    for (const { socket } of clients) socket.destroy();
    const closed = once(server, "close");
    server.close();
    door.close();
    server.closeAllConnections();
    await closed;
  });
  const { port } = server.address() as AddressInfo;
  const client = async () => {
    const one = new Client(connect(port, "127.0.0.1"));
    clients.push(one);
    await once(one.socket, "connect");
    return one;
  };
  return { server, door, asked, client };
}

class Client {
  readonly socket: Socket;
  heard = "";
  isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes) => (this.heard += bytes.toString()));
    socket.on("close", () => (this.isClosed = true));
    socket.on("error", () => {});
  }

  get answers(): number {
    return this.heard.split("good").length - 1;
  }
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

test("a request is heard however its bytes come, and so is the next one", async () => {
  const { client, asked } = await front();
  const silent = await client();
  const one = await client();
  for (const byte of `POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n`) {
    one.socket.write(byte);
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
  one.socket.write("body");
  await until("it is answered", 5000, () => one.answers === 1);
  one.socket.write(get("/next") + get("/after"));
  await until("both are answered", 5000, () => one.answers === 3);
  expect(asked).toEqual(["/slowbody", "/next", "/after"]);
  expect(silent.isClosed).toBe(false);
});

test("a large request that comes with its first bytes is heard whole", async () => {
  const { client, asked } = await front();
  const one = await client();
  const body = "x".repeat(3_000_000);
  one.socket.write(`POST /large HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  await until("it is answered", 10_000, () => one.answers === 1);
  expect(asked[0]?.length).toBe("/large".length + body.length);
});

test("of more connections than there may be the one that has been idle for longest makes room", async () => {
  const { client, door } = await front({ connections: 3 });
  const [held, asked, silent] = [await client(), await client(), await client()];
  held.socket.write(get("/held"));
  asked.socket.write(get("/"));
  await until("one is answered", 5000, () => asked.answers === 1);
  const fourth = await client();
  await until("the silent one has gone", 5000, () => silent.isClosed);
  fourth.socket.write(get("/"));
  await until("the new one is answered", 5000, () => fourth.answers === 1);
  await client();
  await until("the next one has gone", 5000, () => asked.isClosed);
  expect([held.isClosed, fourth.isClosed, door.state]).toEqual([false, false, { open: 3, refused: 2 }]);
});

test("where all are busy a new one is sent away", async () => {
  const { client, asked } = await front({ connections: 1 });
  const held = await client();
  held.socket.write(get("/held"));
  await until("it is heard", 5000, () => asked.length === 1);
  const more = await client();
  await until("the new one has gone", 5000, () => more.isClosed);
  expect(held.isClosed).toBe(false);
});

test("a connection that never says a word is ended", async () => {
  const { client, door } = await front({ silence: 100 });
  const silent = await client();
  await until("it has gone", 5000, () => silent.isClosed);
  expect(door.state.open).toBe(0);
});

test("who asks for its health is let in before all others", async () => {
  const { client, asked, door } = await front();
  const many = await Promise.all(Array.from({ length: 50 }, async () => await client()));
  const doctor = await client();
  await until("all stand before it", 5000, () => door.state.open === 51);
  for (const { socket } of many) socket.write(get("/many"));
  doctor.socket.write(get("/-/healthy"));
  await until("all are heard", 5000, () => asked.length === 51);
  // a few may have been let in while the question was on its way
  expect(asked.indexOf("/-/healthy")).toBeLessThan(40);
});
