import { expect, test } from "vitest";
import { newTraceId } from "./trace-context.ts";
import { tracingSettings } from "./tracing-settings.ts";

function read(env: Record<string, string>, given?: { endpoint: string; sampleRatio: number }) {
  const said: string[] = [];
  const settings = tracingSettings(env, given, "1.2.3", (sentence) => said.push(sentence));
  return { settings, said };
}

test("nothing is configured: no tracing", () => {
  expect(read({}).settings).toBeUndefined();
  expect(read({ OTEL_SERVICE_NAME: "x", OTEL_EXPORTER_OTLP_ENDPOINT: "" }).settings).toBeUndefined();
});

test("the path is added to the general endpoint alone", () => {
  expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://a:4318/base/" }).settings?.url).toBe(
    "http://a:4318/base/v1/traces",
  );
  const both = {
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://a:4318",
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://b/x",
  };
  expect(read(both).settings?.url).toBe("https://b/x");
});

test("the topology's, unless the environment has one", () => {
  const given = { endpoint: "http://given:4318", sampleRatio: 0 };
  const { settings } = read({}, given);
  expect(settings?.url).toBe("http://given:4318/v1/traces");
  expect(settings?.sampler(newTraceId(), undefined)).toBe(false);
  expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://env" }, given).settings?.url).toBe(
    "http://env/v1/traces",
  );
  expect(read({ OTEL_TRACES_SAMPLER: "always_on" }, given).settings?.sampler(newTraceId(), undefined)).toBe(
    true,
  );
});

test("switched off", () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://a" };
  expect(read({ ...endpoint, OTEL_SDK_DISABLED: "TRUE" }).settings).toBeUndefined();
  expect(read({ ...endpoint, OTEL_TRACES_EXPORTER: "none" }).settings).toBeUndefined();
});

test("headers, names and numbers", () => {
  const { settings, said } = read({
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://a",
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Basic%20abc%3D, x = y ",
    OTEL_RESOURCE_ATTRIBUTES: "service.name=other,cluster=c%2C1",
    OTEL_SERVICE_NAME: "mine",
    OTEL_EXPORTER_OTLP_TIMEOUT: "5000",
    OTEL_BSP_MAX_QUEUE_SIZE: "100",
  });
  expect(said).toEqual([]);
  expect(settings).toMatchObject({
    headers: { authorization: "Basic abc=", x: "y" },
    resource: { "service.name": "mine", "service.version": "1.2.3", cluster: "c,1" },
    timeoutMs: 5000,
    queue: { spans: 100, batch: 100, delayMs: 5000 },
  });
});

test("what is not understood is told and ignored, values of headers are not told", () => {
  const { settings, said } = read({
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://a",
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    OTEL_EXPORTER_OTLP_HEADERS: "secret",
    OTEL_TRACES_SAMPLER: "traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "7",
    OTEL_BSP_SCHEDULE_DELAY: "soon",
  });
  expect(settings?.queue.delayMs).toBe(5000);
  expect(settings?.sampler(newTraceId(), undefined)).toBe(true);
  expect(said.map((sentence) => sentence.split(" ")[0])).toEqual([
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_HEADERS:",
    "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_BSP_SCHEDULE_DELAY",
  ]);
  expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: "a:4318" }).settings).toBeUndefined();
});
