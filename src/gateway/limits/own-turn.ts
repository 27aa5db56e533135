let last: Promise<void> = Promise.resolve();

/**
 * Resolves in a turn of the event loop that nobody else is given by it. For what takes some milliseconds in one piece, such as the
 * beginning of a large answer: many that are due at once would keep everybody else waiting.
 */
export function ownTurn(): Promise<void> {
  last = last.then(async () => await new Promise<void>((resolve) => void setImmediate(resolve)));
  return last;
}
