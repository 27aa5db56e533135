/** In how many parts the time is counted. */
const parts = 10;

/**
 * Calls back after a time, as setTimeout does, but does not count time in which this process was held up: what has come meanwhile could
 * not be read.
 * @returns what calls it off
 */
export function afterOwnTime(ms: number, then: () => void): () => void {
  const part = ms / parts;
  let left = parts;
  let before = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const wasHeldUp = now - before > part * 2;
    before = now;
    if (wasHeldUp || --left > 0) return;
    clearInterval(timer);
    then();
  }, part);
  return () => clearInterval(timer);
}
