import { type Socket, connect } from "node:net";
import { LoopbackServer } from "./loopback-server.ts";

/**
 * The least that may be called a balancer: each connection goes to the next of its targets in turn, and where that refuses it, to the
 * one after. It looks at nothing that is said, and repeats nothing.
 * @param targets URLs
 */
export async function startTcpBalancer(targets: readonly string[]): Promise<LoopbackServer> {
  let turn = 0;
  return await LoopbackServer.start((client, keep) => {
    const first = turn++;
    const take = (socket: Socket) => {
      keep(socket);
      socket.on("error", () => {});
    };
    take(client);
    const tryNext = (at: number): void => {
      const target = targets[(first + at) % targets.length];
      if (target === undefined || at >= targets.length) {
        client.resetAndDestroy();
        return;
      }
      const { hostname, port } = new URL(target);
      const upstream = connect(Number(port), hostname);
      take(upstream);
      const refused = () => tryNext(at + 1);
      upstream.once("error", refused);
      upstream.once("connect", () => {
        upstream.off("error", refused);
        upstream.pipe(client);
        client.pipe(upstream);
        upstream.once("close", () => client.destroy());
        client.once("close", () => upstream.destroy());
      });
    };
    tryNext(0);
  });
}
