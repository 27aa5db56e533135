import { expect, test } from "vitest";
import { exemplarsCombiner } from "./exemplars.ts";

function part(data: object[], warnings: string[] = []) {
  return exemplarsCombiner.parse(Buffer.from(JSON.stringify({ status: "success", data, warnings })), {
    shard: "0",
    name: "a",
    server: "main-0-a",
    url: "",
    externalLabels: {},
    features: undefined,
    isWell: false,
    respondsSince: undefined,
  });
}

function exemplar(timestamp: number, id: string) {
  return { labels: { id }, value: "1", timestamp };
}

test("exemplars of a series on two shards are in the order of time, each once", () => {
  const here = { seriesLabels: { a: "b" }, exemplars: [exemplar(1, "x"), exemplar(3.5, "y")] };
  const there = {
    seriesLabels: { a: "b" },
    exemplars: [exemplar(2, "z"), exemplar(3.5, "y"), exemplar(3.5, "w")],
  };
  const other = { seriesLabels: { a: "a" }, exemplars: [exemplar(1, "x")] };
  const { body } = exemplarsCombiner.merge(
    [part([here], ["w", "v"]), part([there, other], ["v"])],
    [],
    new Set(),
  );
  expect(JSON.parse(Buffer.from(body as Uint8Array).toString())).toEqual({
    status: "success",
    data: [
      other,
      {
        seriesLabels: { a: "b" },
        exemplars: [exemplar(1, "x"), exemplar(2, "z"), exemplar(3.5, "y"), exemplar(3.5, "w")],
      },
    ],
    warnings: ["w", "v"],
  });
});
