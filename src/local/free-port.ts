import net from "node:net";

/** Whether this machine lets somebody listen there now. */
export async function portIsFree(host: string, port: number): Promise<boolean> {
  return (await listen(host, port)) !== undefined;
}

/**
 * A port that is free now: the first of the preferred ones, else any that the system gives. Whoever is to have it must be
 * prepared that somebody else is quicker.
 */
export async function freePort(
  host: string,
  preferred: Iterable<number> = [],
  taken: ReadonlySet<number> = new Set(),
): Promise<number> {
  for (const port of preferred) if (!taken.has(port) && (await portIsFree(host, port))) return port;
  for (let tries = 0; tries < 20; tries++) {
    const port = await listen(host, 0);
    if (port !== undefined && !taken.has(port)) return port;
  }
  throw new Error(`no free port on ${host}`);
}

/** Listens for a moment. @returns the port, undefined if it is not to be had */
async function listen(host: string, port: number): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const server = net.createServer();
  server.once("error", () => resolve(undefined));
  server.listen({ host, port, exclusive: true }, () => {
    const address = server.address();
    const got = address !== null && typeof address === "object" ? address.port : undefined;
    server.close(() => resolve(got));
  });
  return await promise;
}
