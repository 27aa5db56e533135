import type { QueryContext } from "../answer-query.ts";
import type { ShardFetcher } from "../fetch/shard-fetcher.ts";
import type { Answer, QueryRequest } from "../planner/query-request.ts";
import type { Analysis } from "./explanation.ts";

/** Answers a query for nobody, and tells what that took. @throws whatever answering throws */
export async function recordedAnswer(
  context: QueryContext,
  query: QueryRequest,
  signal: AbortSignal,
  answer: (context: QueryContext, query: QueryRequest, signal: AbortSignal) => Promise<Answer>,
): Promise<Analysis> {
  const ways: string[] = [];
  const requests: Analysis["requests"] = [];
  const recorded: QueryContext = {
    ...context,
    fetcher: recording(context.fetcher, requests),
    took(way, why) {
      ways.push(way);
      context.took(way, why);
    },
  };
  const began = performance.now();
  const { status, body } = await answer(recorded, query, signal);
  const bytes = await sizeOf(body);
  return { ways, status, seconds: secondsSince(began), bytes, requests };
}

function recording(fetcher: ShardFetcher, requests: Analysis["requests"]): ShardFetcher {
  return {
    async fetch(shard, request, signal) {
      const began = performance.now();
      const response = await fetcher.fetch(shard, request, signal);
      const query =
        typeof request.body === "string" ? (new URLSearchParams(request.body).get("query") ?? "") : "";
      const { replica, status } = response;
      requests.push({ shard, server: replica.server, query, status, seconds: secondsSince(began) });
      return response;
    },
  };
}

async function sizeOf(body: Answer["body"]): Promise<number> {
  if (body instanceof Uint8Array) return body.length;
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) bytes += chunk.length;
  return bytes;
}

const secondsSince = (began: number): number => Math.round(performance.now() - began) / 1000;
