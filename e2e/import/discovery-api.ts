import http from "node:http";
import { kubernetesLists } from "./kubernetes-objects.ts";

/** As much of the Kubernetes API as service discovery reads: lists, and watches in which nothing ever happens. */
export interface DiscoveryApi extends AsyncDisposable {
  url: string;
}

/** Serves the objects on a free port of this machine. */
export async function serveDiscoveryApi(): Promise<DiscoveryApi> {
  const server = http.createServer(answer);
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}

function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  const parts = pathname.split("/").filter(Boolean);
  const list = kubernetesLists[parts.at(-1) ?? ""];
  const send = (status: number, content: unknown) =>
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(content));
  const refuse = (code: number, reason: string) =>
    send(code, { kind: "Status", apiVersion: "v1", status: "Failure", reason, code, message: reason });
  if (pathname === "/version") return void send(200, { major: "1", minor: "34", gitVersion: "v1.34.0" });
  if (!list) return void refuse(404, "NotFound");
  // a list by way of a watch is what newer clients try first
  if (searchParams.has("sendInitialEvents")) return void refuse(422, "Invalid");
  if (searchParams.has("watch")) {
    response.writeHead(200, { "Content-Type": "application/json" });
    response.flushHeaders();
    return;
  }
  const namespace = parts[parts.indexOf("namespaces") + 1];
  const inNamespace = parts.includes("namespaces") && namespace !== undefined;
  const items = list.items.filter(
    (item) => !inNamespace || (item["metadata"] as { namespace?: string }).namespace === namespace,
  );
  send(200, { ...list, metadata: { resourceVersion: "1" }, items });
}
