import { readFileSync, readdirSync } from "node:fs";
import type { MetricFamily } from "../exposition/metric-family.ts";
import { LoopDelayWatch } from "./loop-delay.ts";

/** What Prometheus' client libraries tell of a process, under their names, and how late the event loop is. */
export class ProcessMetrics {
  readonly #delay = new LoopDelayWatch();
  readonly #mostFiles = mostOpenFiles();
  readonly #version: string;

  /** @param version of promfleet */
  constructor(version: string) {
    this.#version = version;
  }

  collect(): MetricFamily[] {
    const { user, system } = process.cpuUsage();
    const memory = process.memoryUsage();
    const { p50, p99, max } = this.#delay.worst;
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
      ...openFiles(this.#mostFiles),
      gauge("nodejs_eventloop_lag_p50_seconds", late("the median"), p50),
      gauge("nodejs_eventloop_lag_p99_seconds", late("99th percentile"), p99),
      gauge("nodejs_eventloop_lag_max_seconds", late("the most"), max),
    ];
  }

  stop(): void {
    this.#delay.stop();
  }
}

function gauge(name: string, help: string, value: number): MetricFamily {
  return { kind: "gauge", name, help, samples: [{ labels: {}, value }] };
}

/** Where the system tells it. */
function openFiles(most: number | undefined): MetricFamily[] {
  try {
    const open = readdirSync("/proc/self/fd").length;
    return [
      gauge("process_open_fds", "Open file descriptors, connections among them.", open),
      ...(most === undefined ? [] : [gauge("process_max_fds", "How many there may be.", most)]),
    ];
  } catch {
    return [];
  }
}

function mostOpenFiles(): number | undefined {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

const late = (what: string): string =>
  `How late the event loop was: ${what} in the worst 15 s of the last minute.`;
