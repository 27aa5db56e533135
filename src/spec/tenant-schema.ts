import { z } from "zod";
import { duration, listOf, matching, section, text, whole, yesOrNo } from "./shapes.ts";

/** How somebody shows to the gateway who it is. */
const credentials = {
  basic: listOf(
    section({
      user: matching(/^[^:\p{Cc}]{1,100}$/u, "a user name without a colon").describe("Its name."),
      passwordHash: text("what `promfleet hash-password` prints").describe(
        "What `promfleet hash-password` prints for its password.",
      ),
    }),
  )
    .prefault([])
    .describe("Users with a password (HTTP basic authentication)."),
  bearer: listOf(
    section({
      tokenHash: text("what `promfleet hash-password --token` prints").describe(
        "What `promfleet hash-password --token` prints for it.",
      ),
    }),
  )
    .prefault([])
    .describe("Random tokens (`Authorization: Bearer …`)."),
  certificates: listOf(
    section({
      commonName: text("a common name").optional().describe("The common name of the certificate's subject."),
      san: text("a DNS name, URI or e-mail address")
        .optional()
        .describe("A DNS name, URI or e-mail address among its alternative names."),
    }),
  )
    .prefault([])
    .describe("Client certificates, by one of their names; they need `tls.clientCaFile`."),
};

const limits = section({
  concurrency: whole(1, 10_000)
    .optional()
    .describe("Requests of it that are worked on at once. Left out: as many as the gateway works on."),
  queue: whole(0, 100_000)
    .optional()
    .describe(
      "Requests of it that may wait; more are answered with 429. Left out: as many as may wait at all.",
    ),
  queueTimeout: duration().default("10s").describe("How long one of them may wait."),
  timeout: duration().optional().describe("How long a request of it may take. Left out: as for the gateway."),
  maxRange: duration()
    .optional()
    .describe(
      "Between the first and the last moment of which a query may read samples, lookback included. Left out: any.",
    ),
  maxPoints: whole(1, 1_000_000)
    .optional()
    .describe("Points per series of a range query. Left out: as for the gateway."),
  maxResponseBytes: whole(1, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe("Bytes of an answer, as they are sent. Left out: any number."),
});

const tenant = section({
  name: matching(
    /^[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/,
    "a name of at most 63 letters, digits and hyphens",
  ).describe("What metrics and errors call it."),
  ...credentials,
  matchers: listOf(text('a matcher such as namespace="shop"'))
    .min(1, { error: "a list of at least one matcher" })
    .optional()
    .describe('Matchers that every selector of its queries gets, such as namespace="shop".'),
  everything: yesOrNo()
    .default(false)
    .describe("Whether it sees everything; it has no matchers then. One of the two has to be there."),
  metrics: yesOrNo().default(false).describe("Whether it may read /metrics of the gateway."),
  limits: limits.prefault({}).describe("Bounds on what it may use."),
});

/** Keys of the gateway about who may ask it. */
export const accessKeys = {
  auth: section({
    openMetrics: yesOrNo().default(false).describe("Whether everybody may read /metrics of the gateway."),
  })
    .optional()
    .describe("Whoever asks has to be one of the tenants. Left out: so where there are tenants."),
  tenants: listOf(tenant)
    .min(1, { error: "a list of at least one tenant" })
    .max(500, { error: "a list of at most 500 tenants" })
    .optional()
    .describe("Who may ask. Left out, and without `auth`: everybody."),
};

export type TenantDocument = z.output<typeof tenant>;
