import net from "node:net";

/** Whether this machine lets somebody listen there now. */
export async function portIsFree(host: string, port: number): Promise<boolean> {
  return typeof (await listen(host, port)) === "number";
}

/** Why nobody can listen there; undefined when somebody can. */
export async function whyNotFree(
  host: string,
  port: number,
): Promise<{ code: "PORT_TAKEN" | "LISTEN_FAILED"; why: string } | undefined> {
  const got = await listen(host, port);
  if (typeof got === "number") return undefined;
  if (got.code === "EADDRINUSE") return { code: "PORT_TAKEN", why: "another program listens there" };
  const why =
    got.code === "EADDRNOTAVAIL" || got.code === "ENOTFOUND"
      ? "that is no address of this machine"
      : got.code === "EACCES"
        ? "this user may not use that port"
        : got.message;
  return { code: "LISTEN_FAILED", why };
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
    if (typeof port === "number" && !taken.has(port)) return port;
  }
  throw new Error(`no free port on ${host}`);
}

/** Listens for a moment. @returns the port, or why it is not to be had */
async function listen(host: string, port: number): Promise<number | NodeJS.ErrnoException> {
  const { promise, resolve } = Promise.withResolvers<number | NodeJS.ErrnoException>();
  const server = net.createServer();
  server.once("error", resolve);
  server.listen({ host, port, exclusive: true }, () => {
    const address = server.address();
    const got = address !== null && typeof address === "object" ? address.port : 0;
    server.close(() => resolve(got));
  });
  return await promise;
}
