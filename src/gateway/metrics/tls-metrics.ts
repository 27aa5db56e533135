import type { MetricFamily } from "../../telemetry/exposition/metric-family.ts";
import type { TlsState } from "../tls/tls-gate.ts";

/** @param state undefined: the gateway speaks without TLS @param good whether the files are used as they are now */
export function tlsMetrics(state: TlsState | undefined, good: boolean): MetricFamily[] {
  const files = "Whether the files of TLS are good as they are now, and used.";
  if (!state) return good ? [] : [family("gauge", "files_good", files, 0)];
  return [
    family("gauge", "files_good", files, Number(good)),
    family(
      "gauge",
      "certificate_expiry_timestamp_seconds",
      "Until when the certificate that is shown is good, in seconds since 1970.",
      state.notAfter,
    ),
    family("counter", "handshakes_failed_total", "Connections that did not come to speak TLS.", state.failed),
  ];
}

function family(kind: "gauge" | "counter", name: string, help: string, value: number): MetricFamily {
  return { kind, name: `promfleet_gateway_tls_${name}`, help, samples: [{ labels: {}, value }] };
}
