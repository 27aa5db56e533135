/** How often a condition is looked at, ms. */
const pause = 50;

/**
 * Looks at a condition until it gives something other than undefined or false, and returns that. What it throws counts as
 * "not yet" and is told when time runs out.
 * @param what the condition, for the complaint: "main-0-a is ready"
 * @param withinMs deadline
 * @throws when the deadline has passed
 */
export async function until<T>(
  what: string,
  withinMs: number,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  let why = "";
  for (;;) {
    try {
      const result = await condition();
      if (result !== undefined && result !== false) return result;
      why = "";
    } catch (error) {
      why = `: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (performance.now() > deadline) throw new Error(`not within ${withinMs / 1000} s: ${what}${why}`);
    await tick();
  }
}

/** One pause between two looks at a condition. */
async function tick(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, pause);
  await promise;
}

/** Waits for a time to have passed: only where time itself is what is measured. */
export async function untilElapsed(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms);
  await promise;
}
