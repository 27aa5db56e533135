import { expect, test } from "vitest";
import type { MetricFamily } from "./metric-family.ts";
import { writeOpenMetrics, writeText } from "./text-format.ts";

const families: MetricFamily[] = [
  {
    kind: "info",
    name: "app_build_info",
    help: "What runs.",
    samples: [{ labels: { version: "1" }, value: 1 }],
  },
  {
    kind: "counter",
    name: "app_requests_total",
    help: 'A \\ in "help"\nand a line more.',
    samples: [{ labels: { path: 'C:\\x "y"\nz', code: "200" }, value: 1e21 }],
  },
  {
    kind: "gauge",
    name: "app_level",
    help: "Any number.",
    samples: [Number.NaN, Infinity, -Infinity, -0.5].map((value) => ({ labels: {}, value })),
  },
  {
    kind: "histogram",
    name: "app_seconds",
    help: "How long.",
    samples: [
      {
        labels: { path: "/" },
        count: 7,
        sum: 3.25,
        buckets: [
          { upperBound: 0.5, cumulativeCount: 4 },
          { upperBound: 1, cumulativeCount: 6 },
        ],
      },
    ],
  },
];

test("the text format", () => {
  expect(writeText(families)).toMatchInlineSnapshot(`
    "# HELP app_build_info What runs.
    # TYPE app_build_info gauge
    app_build_info{version="1"} 1
    # HELP app_requests_total A \\\\ in "help"\\nand a line more.
    # TYPE app_requests_total counter
    app_requests_total{path="C:\\\\x \\"y\\"\\nz",code="200"} 1e+21
    # HELP app_level Any number.
    # TYPE app_level gauge
    app_level NaN
    app_level +Inf
    app_level -Inf
    app_level -0.5
    # HELP app_seconds How long.
    # TYPE app_seconds histogram
    app_seconds_bucket{path="/",le="0.5"} 4
    app_seconds_bucket{path="/",le="1"} 6
    app_seconds_bucket{path="/",le="+Inf"} 7
    app_seconds_sum{path="/"} 3.25
    app_seconds_count{path="/"} 7
    "
  `);
});

test("OpenMetrics names families, writes bounds as floats and says where it ends", () => {
  expect(writeOpenMetrics(families)).toMatchInlineSnapshot(`
    "# HELP app_build What runs.
    # TYPE app_build info
    app_build_info{version="1"} 1
    # HELP app_requests A \\\\ in \\"help\\"\\nand a line more.
    # TYPE app_requests counter
    app_requests_total{path="C:\\\\x \\"y\\"\\nz",code="200"} 1e+21
    # HELP app_level Any number.
    # TYPE app_level gauge
    app_level NaN
    app_level +Inf
    app_level -Inf
    app_level -0.5
    # HELP app_seconds How long.
    # TYPE app_seconds histogram
    app_seconds_bucket{path="/",le="0.5"} 4
    app_seconds_bucket{path="/",le="1.0"} 6
    app_seconds_bucket{path="/",le="+Inf"} 7
    app_seconds_sum{path="/"} 3.25
    app_seconds_count{path="/"} 7
    # EOF
    "
  `);
});
