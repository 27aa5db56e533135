import { z } from "zod";
import { accessLogKey, countLimits, coverageKeys, evaluatorKeys, tracingKey } from "../spec/fleet-schema.ts";
import { accessKeys } from "../spec/tenant-schema.ts";
import { tlsKey } from "../spec/tls-schema.ts";
import { duration, listOf, matching, section, text, whole } from "../spec/shapes.ts";

const name = (what: string) =>
  matching(
    /^[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/,
    `${what} of at most 63 letters, digits and hyphens`,
  );

/** Highest number of a slot. */
const lastSlot = 1023;

const replica = section({
  name: name("a name").describe("a, b, …: the name of the server within its shard."),
  server: text("the name of a server")
    .optional()
    .describe("What errors and status call it. Left out: FLEET-SHARD-REPLICA."),
  url: text("a URL such as http://127.0.0.1:9090").describe(
    "Base URL of the Prometheus, http or https, with its path prefix if it has one; no user, no query.",
  ),
  externalLabels: z
    .record(z.string(), z.string({ error: "a string" }), { error: "a map of labels" })
    .optional()
    .describe("What the server adds to remote reads. Left out: asked of the server itself."),
});

const shard = section({
  id: name("an id").describe("The id of the shard, as errors name it."),
  replicas: listOf(replica)
    .min(1, { error: "a list of at least one replica" })
    .max(16, { error: "a list of at most 16 replicas" })
    .describe("Servers with the same targets; each alone can answer for the shard."),
  slots: listOf(
    z.tuple([whole(0, lastSlot), whole(0, lastSlot)], { error: "a pair of slots, [first, last]," }),
  )
    .optional()
    .describe("Slots of targets that the shard owns, as inclusive ranges. Left out: not known."),
});

/** topology.json. What is null counts as left out. */
export const topologySchema = section({
  fleet: name("a name").default("fleet").describe("The name of the fleet."),
  version: text("a text")
    .optional()
    .describe("Changes whenever something else does. Left out: a hash of the content."),
  shards: listOf(shard)
    .min(1, { error: "a list of at least one shard" })
    .max(1024, { error: "a list of at most 1024 shards" })
    .describe("Every shard; no series is on two of them."),
  onEveryShard: listOf(text("the name of a job"))
    .prefault([])
    .describe("Jobs whose targets every shard scrapes: one shard answers for them."),
  spreadByInstance: section({
    exceptJobs: listOf(text("the name of a job"))
      .prefault([])
      .describe("Jobs whose targets are spread otherwise."),
    exceptMetrics: listOf(text("the name of a metric"))
      .prefault([])
      .describe("Metrics that rules of the first shard alone record."),
  })
    .optional()
    .describe(
      "Says that the label `instance` of every series, hashed like a target's address, falls into a slot of its shard: what is about one instance is asked of one shard. Left out: not known.",
    ),
  limits: section({
    ...countLimits,
    timeoutMs: whole(1, 24 * 3600e3)
      .default(120_000)
      .describe("How long a request may take, in ms; `timeout=` can only shorten it."),
  })
    .prefault({})
    .describe("Bounds on what one request may cost."),
  tls: tlsKey(),
  serverAuth: section({
    username: text("a name").describe("Of basic auth."),
    passwordFile: text("the path of a file").describe("Holds the password alone; followed."),
  })
    .optional()
    .describe("What all servers ask of whoever speaks to them. Left out: nothing."),
  ...accessKeys,
  coverage: section(coverageKeys)
    .prefault({})
    .describe("What the gateway reckons as a gap in what a server has scraped."),
  accessLog: accessLogKey(),
  tracing: tracingKey(),
  evaluator: section({
    binary: text("the path of a program")
      .optional()
      .describe("Path of the prometheus program of the evaluator. Left out: one is found."),
    version: text("a version")
      .optional()
      .describe("The version to find: that of the servers, or answers differ."),
    evaluationInterval: duration()
      .default("1m")
      .describe("evaluation_interval of the servers: the step of subqueries that name none."),
    ...evaluatorKeys,
    enableFeatures: listOf(matching(/^[a-z][-a-z0-9]*$/, "the name of a feature"))
      .prefault([])
      .describe("Features of --enable-feature that the servers have and that change what a query means."),
  })
    .prefault({})
    .describe("How the gateway starts its evaluator; as the servers are started, or answers differ."),
});
