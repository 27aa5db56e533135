import type { MetricFamily } from "../../telemetry/exposition/metric-family.ts";

/** Requests by tenant. There are no more label values than tenants are declared, and limits known. */
export class TenantMetrics {
  readonly #requests = new Map<string, { tenant: string; code: string; count: number }>();
  readonly #refused = new Map<string, { tenant: string; limit: string; count: number }>();
  #strangers = 0;

  answered(tenant: string, status: number): void {
    const code = String(status);
    const key = `${tenant} ${code}`;
    const counted = this.#requests.get(key) ?? { tenant, code, count: 0 };
    counted.count++;
    this.#requests.set(key, counted);
  }

  refused(tenant: string, limit: string): void {
    const key = `${tenant} ${limit}`;
    const counted = this.#refused.get(key) ?? { tenant, limit, count: 0 };
    counted.count++;
    this.#refused.set(key, counted);
  }

  stranger(): void {
    this.#strangers++;
  }

  /** Those that are not declared any more are forgotten. */
  keep(tenants: ReadonlySet<string>): void {
    for (const counted of [this.#requests, this.#refused])
      for (const [key, { tenant }] of counted) if (!tenants.has(tenant)) counted.delete(key);
  }

  collect(): MetricFamily[] {
    return [
      {
        kind: "counter",
        name: "promfleet_gateway_tenant_requests_total",
        help: "Requests of tenants, by status code.",
        samples: [...this.#requests.values()].map(({ tenant, code, count }) => ({
          labels: { tenant, code },
          value: count,
        })),
      },
      {
        kind: "counter",
        name: "promfleet_gateway_tenant_refused_total",
        help: "Requests of tenants that a limit of theirs refused or broke off, by limit.",
        samples: [...this.#refused.values()].map(({ tenant, limit, count }) => ({
          labels: { tenant, limit },
          value: count,
        })),
      },
      {
        kind: "counter",
        name: "promfleet_gateway_unauthenticated_requests_total",
        help: "Requests of which it is not known who asks.",
        samples: [{ labels: {}, value: this.#strangers }],
      },
    ];
  }
}
