import { createWriteStream, fstatSync, openSync, constants } from "node:fs";
import { Socket } from "node:net";
import type { Writable } from "node:stream";

/**
 * A descriptor of this process as a stream that never makes it wait, as process.stderr does where a pipe is full. What is not taken at once
 * is `writableLength`.
 */
export function logStream(descriptor: number): Writable {
  const found = fstatSync(descriptor);
  // a pipe is opened anew: others who have the old one do not expect it not to wait for them
  if (found.isFIFO()) {
    const flags = constants.O_WRONLY | constants.O_NONBLOCK;
    return ownSocket(openSync(`/proc/self/fd/${descriptor}`, flags));
  }
  if (found.isSocket()) return ownSocket(descriptor);
  return createWriteStream("", { fd: descriptor, autoClose: false });
}

/** Does not keep the process from its end. */
function ownSocket(fd: number): Writable {
  return new Socket({ fd, readable: false, writable: true }).unref();
}
