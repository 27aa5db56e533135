import { monitorEventLoopDelay } from "node:perf_hooks";
import type { MetricFamily } from "../exposition/metric-family.ts";

/** ms between two looks at how late the event loop is. */
const resolution = 20;

/** What Prometheus' client libraries tell of a process, under their names, and how late the event loop is. */
export class ProcessMetrics {
  readonly #delay: ReturnType<typeof monitorEventLoopDelay>;
  readonly #version: string;

  /** @param version of promfleet */
  constructor(version: string) {
    this.#version = version;
    this.#delay = monitorEventLoopDelay({ resolution });
    this.#delay.enable();
  }

  collect(): MetricFamily[] {
    const { user, system } = process.cpuUsage();
    const memory = process.memoryUsage();
    // what is recorded is the time from one look to the next
    const between = this.#delay.count > 0 ? this.#delay.percentile(99) / 1e6 : 0;
    const late = Math.max(0, between - resolution) / 1000;
    this.#delay.reset();
    return [
      {
        kind: "info",
        name: "promfleet_build_info",
        help: "The version of promfleet and of the Node that runs it.",
        samples: [{ labels: { version: this.#version, node: process.versions.node }, value: 1 }],
      },
      {
        kind: "counter",
        name: "process_cpu_seconds_total",
        help: "User and system CPU time, in seconds.",
        samples: [{ labels: {}, value: (user + system) / 1e6 }],
      },
      gauge("process_resident_memory_bytes", "Resident memory, in bytes.", memory.rss),
      gauge("nodejs_heap_size_total_bytes", "V8's heap, in bytes.", memory.heapTotal),
      gauge("nodejs_heap_size_used_bytes", "What is used of V8's heap, in bytes.", memory.heapUsed),
      gauge("nodejs_external_memory_bytes", "Buffers outside of V8's heap, in bytes.", memory.external),
      gauge(
        "process_start_time_seconds",
        "Start of the process, in seconds since 1970.",
        performance.timeOrigin / 1000,
      ),
      gauge(
        "nodejs_eventloop_lag_p99_seconds",
        "How late the event loop was, 99th percentile since the last scrape, in seconds.",
        late,
      ),
    ];
  }

  stop(): void {
    this.#delay.disable();
  }
}

function gauge(name: string, help: string, value: number): MetricFamily {
  return { kind: "gauge", name, help, samples: [{ labels: {}, value }] };
}
