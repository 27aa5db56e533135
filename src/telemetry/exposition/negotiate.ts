import type { MetricFamily } from "./metric-family.ts";
import { writeProtobuf } from "./protobuf-format.ts";
import { writeOpenMetrics, writeText } from "./text-format.ts";

export interface Exposition {
  contentType: string;
  write(families: readonly MetricFamily[]): string | Buffer;
}

const protobuf: Exposition = {
  contentType: "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
  write: writeProtobuf,
};
const openMetrics: Exposition = {
  contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  write: writeOpenMetrics,
};
const text: Exposition = {
  contentType: "text/plain; version=0.0.4; charset=utf-8",
  write: writeText,
};

/**
 * The format that an Accept header likes best, the earlier one among equals (RFC 9110, 12.5.1); the text format where
 * it names none that we write.
 */
export function chooseExposition(accept: string | undefined): Exposition {
  let best = text;
  let weight = 0;
  for (const range of (accept ?? "").toLowerCase().split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
    const given = new Map(parameters.map((parameter) => splitParameter(parameter)));
    const quality = Number(given.get("q") ?? 1);
    const format = formatOf(type, given);
    if (format !== undefined && quality > weight) {
      best = format;
      weight = quality;
    }
  }
  return best;
}

function formatOf(type: string, parameters: ReadonlyMap<string, string>): Exposition | undefined {
  const version = parameters.get("version");
  switch (type) {
    case "application/vnd.google.protobuf":
      return parameters.get("proto") === "io.prometheus.client.metricfamily" &&
        parameters.get("encoding") === "delimited"
        ? protobuf
        : undefined;
    case "application/openmetrics-text":
      return version === undefined || version === "1.0.0" ? openMetrics : undefined;
    case "text/plain":
      return version === undefined || version === "0.0.4" ? text : undefined;
    case "text/*":
    case "*/*":
      return text;
    default:
      return undefined;
  }
}

function splitParameter(parameter: string): [string, string] {
  const at = parameter.indexOf("=");
  return at < 0
    ? [parameter, ""]
    : [
        parameter.slice(0, at).trim(),
        parameter
          .slice(at + 1)
          .replaceAll('"', "")
          .trim(),
      ];
}
