import { type Params, integerParam } from "./combiner.ts";

/** What Prometheus itself says, word for word: clients look for it. */
const truncated = "results truncated due to limit";

/** The first ones up to the parameter `limit`, 0 for no limit, and the warning where there were more. */
export function limited<T>(all: readonly T[], params: Params): { kept: readonly T[]; warnings: string[] } {
  const limit = integerParam(params, "limit") ?? 0;
  if (limit <= 0 || all.length <= limit) return { kept: all, warnings: [] };
  return { kept: all.slice(0, limit), warnings: [truncated] };
}
