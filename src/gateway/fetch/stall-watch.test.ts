import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { httpAgent, sendRequest } from "./http-client.ts";
import { StallWatch } from "./stall-watch.ts";

const events = {
  came: () => {},
  isBusy: () => false,
  doubt: () => {},
  goesOn: () => {},
  stalled: () => {},
};
const dispatcher = httpAgent();
let close = () => {};
afterEach(async () => {
  close();
  await dispatcher.close();
});

test("interim answers are taken, but not without end", async () => {
  let interim = 100;
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(interim));
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  close = () => server.close();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const ask = async () => await sendRequest(url, { dispatcher: new StallWatch().over(dispatcher, events) });
  expect(await (await ask()).body.text()).toBe("{}");
  interim = 101;
  await expect(ask()).rejects.toThrow("its interim answers do not end");
});
