import { setTimeout as pause } from "node:timers/promises";

/**
 * Looks at a condition until it holds.
 * @returns whether it did within the time, ms; false too when the signal aborts
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  withinMs: number,
  options: { everyMs?: number; signal?: AbortSignal } = {},
): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (options.signal?.aborted !== true) {
    if (await condition()) return true;
    if (performance.now() >= deadline) return false;
    await pause(options.everyMs ?? 50, undefined, options.signal ? { signal: options.signal } : {}).catch(
      () => undefined,
    );
  }
  return false;
}
