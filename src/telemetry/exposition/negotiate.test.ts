import { expect, test } from "vitest";
import { chooseExposition } from "./negotiate.ts";

const protobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

/** The media type and version that an Accept header gets. */
function chosen(accept: string | undefined): string {
  return chooseExposition(accept).contentType.split(";").slice(0, 2).join(";");
}

test("what Prometheus prefers is what it gets", () => {
  // 3.x without native histograms
  expect(
    chosen(
      `application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2`,
    ),
  ).toBe("application/openmetrics-text; version=1.0.0");
  // 3.x with native histograms
  expect(chosen(`${protobuf};q=0.7,application/openmetrics-text;version=1.0.0;q=0.6,*/*;q=0.2`)).toMatch(
    /^application\/vnd.google.protobuf/,
  );
  // 2.42 without
  expect(
    chosen(
      "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,*/*;q=0.1",
    ),
  ).toBe("application/openmetrics-text; version=1.0.0");
});

test("everything else gets the text format", () => {
  for (const accept of [undefined, "", "*/*", "text/html", "text/plain;version=1.0.0", "nonsense;;;q=x", ";"])
    expect(chosen(accept)).toBe("text/plain; version=0.0.4");
});

test("a protobuf encoding that is not written is not promised", () => {
  expect(chosen(`${protobuf.replace("delimited", "text")},text/plain;q=0.1`)).toBe(
    "text/plain; version=0.0.4",
  );
  expect(chosen("application/vnd.google.protobuf")).toBe("text/plain; version=0.0.4");
});

test("weight goes before order, and 0 means never", () => {
  expect(chosen("text/plain;q=0.2,application/openmetrics-text;q=0.9")).toMatch(/^application\/openmetrics/);
  expect(chosen("text/plain,application/openmetrics-text")).toMatch(/^text\/plain/);
  expect(chosen("application/openmetrics-text;q=0")).toMatch(/^text\/plain/);
});
