import type { Way } from "./asks.ts";

/** What a client sees. */
export type Seen =
  /** 200, and just what is right. */
  | "right"
  /** 503 that names the shard. */
  | "named"
  /** 503 that says that the time is over. */
  | "too late"
  /** Its connection ended within the answer. */
  | "broken off"
  | "hung"
  /** Anything else, in words. */
  | { wrong: string };

/** Asks, and says what was seen and how long it took, ms. */
export async function seenBy(way: Way, right: Buffer): Promise<{ seen: Seen; took: number; said: string }> {
  const began = performance.now();
  try {
    const { status, body } = await way.ask();
    const took = performance.now() - began;
    if (status === 200 && body.equals(right)) return { seen: "right", took, said: "" };
    if (status === 503 && /shard \d is unavailable/.test(body.toString()))
      return { seen: "named", took, said: beginning(body) };
    if (status === 503 && body.includes("QUERY_TIMEOUT")) return { seen: "too late", took, said: "" };
    return { seen: { wrong: `${status}, ${body.length} bytes: ${beginning(body)}` }, took, said: "" };
  } catch (error) {
    const took = performance.now() - began;
    const why = error instanceof Error ? error.message : String(error);
    return { seen: why.startsWith("no answer within") ? "hung" : "broken off", took, said: why };
  }
}

const beginning = (body: Buffer) => body.toString("latin1", 0, 400).replaceAll(/[^\x20-\x7e]/g, "?");
