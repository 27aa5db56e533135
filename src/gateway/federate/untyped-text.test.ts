import { expect, test } from "vitest";
import { type LastSample, untypedText } from "./untyped-text.ts";

const one = (name: string, labels: LastSample["labels"], value = 1): LastSample => ({
  name,
  labels,
  time: 1000,
  value,
});

test("a type is said once a name, and who has no instance gets an empty one", () => {
  const samples = [
    one("up", [
      ["instance", "a:1"],
      ["job", "x"],
    ]),
    one("up", [["job", "y"]], Number.NaN),
    one("down", [], Number.NEGATIVE_INFINITY),
  ];
  expect([...untypedText(samples, "allow-utf-8")].join("")).toBe(
    '# TYPE up untyped\nup{instance="a:1",job="x"} 1 1000\nup{job="y",instance=""} NaN 1000\n' +
      '# TYPE down untyped\ndown{instance=""} -Inf 1000\n',
  );
});

test("names that the format did not have before stand in braces, or are made such as it had", () => {
  const samples = [
    one("http.status", [
      ["http.method", 'G"E\\T\n'],
      ["instance", "a"],
    ]),
    one("1ñ", [["instance", "a"]]),
  ];
  expect([...untypedText(samples, "allow-utf-8")].join("")).toBe(
    '# TYPE "http.status" untyped\n{"http.status","http.method"="G\\"E\\\\T\\n",instance="a"} 1 1000\n' +
      '# TYPE "1ñ" untyped\n{"1ñ",instance="a"} 1 1000\n',
  );
  expect([...untypedText(samples, "underscores")].join("")).toBe(
    '# TYPE http_status untyped\nhttp_status{http_method="G\\"E\\\\T\\n",instance="a"} 1 1000\n' +
      '# TYPE __ untyped\n__{instance="a"} 1 1000\n',
  );
});
