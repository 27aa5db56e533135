import { fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { markedEnvironment } from "./processes.ts";
import { checkout } from "./workplace.ts";

/** A process that is told things and tells something back. */
export class ToldProcess<Order extends string | object, Reported> {
  readonly #child;

  /** @param script below e2e */
  constructor(script: string, ...args: string[]) {
    this.#child = fork(path.join(checkout, "e2e", script), args, {
      env: markedEnvironment(),
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
  }

  async tell(order: Order): Promise<Reported> {
    const reported = once(this.#child, "message");
    this.#child.send(order);
    return ((await reported) as [Reported])[0];
  }

  async end(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }
}
