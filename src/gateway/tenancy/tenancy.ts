import type { IncomingMessage } from "node:http";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { parseMatcher } from "../../promql/enforce-matchers.ts";
import type { Matcher } from "../../promql/expression.ts";
import type { MetricFamily } from "../../telemetry/exposition/metric-family.ts";
import type { Topology } from "../../topology/topology.ts";
import type { Tenant } from "../../spec/tenant.ts";
import { RequestAdmission } from "../limits/request-admission.ts";
import { challenge, identify, refuseWithoutCertificate } from "./identify.ts";
import { PasswordCheck } from "./password-check.ts";
import { TenantMetrics } from "./tenant-metrics.ts";
import { type Visit, OpenVisit, TenantVisit } from "./visit.ts";

/** What needs nobody's name. */
const open: ReadonlySet<string> = new Set(["/-/healthy", "/-/ready"]);

/** Who may ask the gateway, and what. */
export class Tenancy {
  readonly #topology: () => Topology;
  readonly #passwords = new PasswordCheck();
  readonly #metrics = new TenantMetrics();
  readonly #tenants = new Map<string, KnownTenant>();
  #known: Topology["tenants"];

  /** @param topology asked anew for each request: it may change */
  constructor(topology: () => Topology) {
    this.#topology = topology;
  }

  /**
   * Whose request it is; undefined where everybody may ask.
   * @param path without what comes after "?"
   * @throws PromfleetError UNAUTHENTICATED, TENANT_BUSY, API_FORBIDDEN
   */
  async identify(request: IncomingMessage, path: string): Promise<Tenant | undefined> {
    const { auth, tenants, tls } = this.#topology();
    if (open.has(path)) return undefined;
    if (path === "/metrics" && auth?.openMetrics === true) return undefined;
    try {
      refuseWithoutCertificate(request, tls);
      if (!auth && !tenants) return undefined;
      const tenant = await identify(request, tenants ?? [], this.#passwords);
      if (path === "/metrics" && !tenant.metrics)
        throw new PromfleetError({
          code: "API_FORBIDDEN",
          message: `tenant ${tenant.name} may not read the metrics of the gateway`,
        });
      return tenant;
    } catch (error) {
      if (error instanceof PromfleetError && error.code === "UNAUTHENTICATED") this.#metrics.stranger();
      throw error;
    }
  }

  /** For whoever is not known. */
  get challenge(): string {
    return challenge(this.#topology().tenants ?? []);
  }

  /**
   * A request of an API.
   * @throws PromfleetError API_FORBIDDEN, TENANT_BUSY
   */
  visit(tenant: Tenant | undefined, handler: string): Visit {
    if (!tenant) return new OpenVisit();
    const { matchers, admission } = this.#knownOf(tenant);
    const visit = { tenant, handler, matchers, admission, topology: this.#topology() };
    return new TenantVisit(visit, (limit) => this.#metrics.refused(tenant.name, limit));
  }

  answered(tenant: Tenant | undefined, status: number): void {
    if (tenant) this.#metrics.answered(tenant.name, status);
  }

  collect(): MetricFamily[] {
    return this.#topology().tenants || this.#topology().auth ? this.#metrics.collect() : [];
  }

  #knownOf(tenant: Tenant): KnownTenant {
    const { tenants } = this.#topology();
    if (tenants !== this.#known) {
      this.#known = tenants;
      const names = new Set(tenants?.map(({ name }) => name));
      for (const name of this.#tenants.keys()) if (!names.has(name)) this.#tenants.delete(name);
      this.#metrics.keep(names);
    }
    // its places stay its own when the declaration changes
    const known = this.#tenants.get(tenant.name) ?? new KnownTenant(tenant, this.#topology);
    this.#tenants.set(tenant.name, known);
    known.follow(tenant);
    return known;
  }
}

/** A tenant with what is kept between its requests. */
class KnownTenant {
  readonly admission: RequestAdmission;
  #tenant: Tenant;
  #matchers: readonly Matcher[] | undefined;

  constructor(tenant: Tenant, topology: () => Topology) {
    this.#tenant = tenant;
    this.#matchers = matchersOf(tenant);
    this.admission = new RequestAdmission(
      () => {
        const { concurrency, queue } = topology().limits;
        const { limits } = this.#tenant;
        return { concurrency: limits.concurrency ?? concurrency, queue: limits.queue ?? queue };
      },
      ({ working, waiting }) =>
        new PromfleetError({
          code: "TENANT_BUSY",
          message: `limit concurrency of tenant ${this.#tenant.name}: ${working} of its requests are worked on and ${waiting} wait`,
        }),
    );
  }

  get matchers(): readonly Matcher[] | undefined {
    return this.#matchers;
  }

  follow(tenant: Tenant): void {
    if (tenant === this.#tenant) return;
    this.#tenant = tenant;
    this.#matchers = matchersOf(tenant);
  }
}

/** Undefined where it sees everything. Both were checked when the topology was read. */
function matchersOf({ matchers, everything }: Tenant): readonly Matcher[] | undefined {
  if (everything && !matchers) return undefined;
  return (matchers ?? []).map((text) => {
    const matcher = parseMatcher(text);
    if (!matcher) throw new Error("a matcher of a tenant is none");
    return matcher;
  });
}
