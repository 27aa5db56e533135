/** Large answers that are made at the same time, of all that are asked for. */
const most = 16;
const line: (() => void)[] = [];
let made = 0;

/**
 * Waits for one of the few places for making a large answer: each holds a piece of every shard's answer, and some more for as long as it
 * can still become another one. To be left when its first bytes go out: from then on AnswersOnTheirWay bounds it.
 * @returns what gives the place back
 * @throws the signal's reason
 */
export async function placeForLarge(signal: AbortSignal): Promise<() => void> {
  signal.throwIfAborted();
  if (made < most) made++;
  else {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      const at = line.indexOf(resolve);
      // its place was given to it at the same moment
      if (at < 0) next();
      else line.splice(at, 1);
      reject(signal.reason as Error);
    };
    line.push(resolve);
    signal.addEventListener("abort", leave, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }
  let isLeft = false;
  return () => {
    if (isLeft) return;
    isLeft = true;
    next();
  };
}

/** Gives the place to who has waited longest. */
function next(): void {
  const first = line.shift();
  if (first) first();
  else made--;
}
