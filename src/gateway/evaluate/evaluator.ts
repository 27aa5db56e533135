import type { PrometheusFeatures } from "../../plan/prometheus-version.ts";

/** The stock Prometheus beside this gateway, however it came to be there. */
export interface Evaluator {
  /** Waits until it is ready, at most until the signal aborts. */
  ready(signal: AbortSignal): Promise<ReadyEvaluator>;
  /** What /metrics and /-/ready tell of it. */
  readonly state: "starting" | "ready" | "down";
  /** Why it can not be used, where that is known. */
  readonly objection?: string | undefined;
  /** Tells the owner that a request to it failed, so that it looks at once. */
  suspect(reason: string): void;
  close(): Promise<void>;
}

export interface ReadyEvaluator {
  /** Base URL without a trailing slash. */
  url: string;
  features: PrometheusFeatures;
}

/** Starts an evaluator whose remote_read endpoint is readUrl; the gateway asks for one once its read listener stands. */
export type EvaluatorStarter = (readUrl: string) => Promise<Evaluator>;
