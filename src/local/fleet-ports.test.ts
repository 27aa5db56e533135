import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { assignPorts } from "./fleet-ports.ts";

/** A port that somebody else has. */
async function takenPort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const gateway = (host: string, asked?: number) => [{ name: "g", host, count: 1, asked }];

test("a port that was asked for and is taken is refused, and one that was had before is not insisted on", async () => {
  const port = await takenPort();
  await expect(assignPorts(gateway("127.0.0.1", port), {}, new Set())).rejects.toMatchObject({
    code: "PORT_TAKEN",
  });
  const { g } = await assignPorts(gateway("127.0.0.1"), { g: [port] }, new Set());
  expect(g).not.toEqual([port]);
});

test.each(["203.0.113.1", "nowhere.invalid"])(
  "%s, no address of this machine, is refused with or without a port, and for a gateway that runs",
  async (host) => {
    const refusal = {
      code: "LISTEN_FAILED",
      message: expect.stringContaining("no address of this machine") as unknown,
    };
    await expect(assignPorts(gateway(host, 9090), {}, new Set())).rejects.toMatchObject(refusal);
    await expect(assignPorts(gateway(host), {}, new Set())).rejects.toMatchObject(refusal);
    await expect(assignPorts(gateway(host), { g: [9090] }, new Set(["g"]))).rejects.toMatchObject(refusal);
  },
);
