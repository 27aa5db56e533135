import { describe, expect, it } from "vitest";
import { areSettled, nextSteps } from "./next-step.ts";
import type { PodView, ServerView, ServerWanted } from "./server-view.ts";

const pod: PodView = {
  name: "x-0",
  uid: "1",
  template: "t1",
  touched: "g1",
  ready: true,
  leaving: false,
  node: "node-1",
  restarts: 0,
  startedAt: "2026-01-01T00:00:00Z",
  trouble: undefined,
  lastEnd: undefined,
};

const names = ["main-0-a", "main-0-b", "main-1-a", "main-1-b"];

function fleet(changes: Partial<Record<string, Partial<ServerView>>> = {}): Map<string, ServerView> {
  return new Map(
    names.map((name) => {
      const [, shard = "", replica = ""] = name.split("-");
      const view: ServerView = {
        name,
        shard,
        replica,
        template: "t1",
        secret: "g1",
        pod,
        shown: "g1",
        healed: true,
      };
      return [name, { ...view, ...changes[name] }];
    }),
  );
}

const want = (template: string, generation: string): ServerWanted[] =>
  names.map((name) => ({ name, shard: name.split("-")[1] ?? "", template, generation }));

describe("a fleet that is as it is to be", () => {
  it("is left alone", () => {
    expect(nextSteps(want("t1", "g1"), fleet())).toEqual([]);
    expect(areSettled(want("t1", "g1"), fleet())).toBe(true);
  });
});

describe("a fleet of which some servers are not there", () => {
  it("gets them all at once", () => {
    const none = { template: undefined, secret: undefined, pod: undefined, shown: undefined, healed: false };
    const steps = nextSteps(want("t1", "g1"), fleet({ "main-1-a": none, "main-1-b": none }));
    expect(steps).toEqual([
      { do: "create", server: "main-1-a" },
      { do: "create", server: "main-1-b" },
    ]);
  });
});

describe("another configuration", () => {
  it("goes to the first server, and to the second when the first shows it", () => {
    expect(nextSteps(want("t1", "g2"), fleet())).toEqual([{ do: "configure", server: "main-0-a" }]);
    const told = fleet({ "main-0-a": { secret: "g2" } });
    expect(nextSteps(want("t1", "g2"), told)).toEqual([{ do: "reload", server: "main-0-a" }]);
    const shown = fleet({ "main-0-a": { secret: "g2", shown: "g2" } });
    expect(nextSteps(want("t1", "g2"), shown)).toEqual([{ do: "configure", server: "main-0-b" }]);
  });

  it("goes to a server that does not start before all others", () => {
    const broken = fleet({
      "main-1-b": { pod: { ...pod, ready: false, trouble: "CrashLoopBackOff" }, shown: undefined },
    });
    expect(nextSteps(want("t1", "g2"), broken)).toEqual([{ do: "configure", server: "main-1-b" }]);
  });
});

describe("another template", () => {
  it("restarts one server", () => {
    expect(nextSteps(want("t2", "g1"), fleet())).toEqual([{ do: "restart", server: "main-0-a" }]);
  });

  it.each([
    ["its pod is leaving", { pod: { ...pod, leaving: true } }],
    ["its pod is not there", { pod: undefined }],
    ["it is not ready", { pod: { ...pod, template: "t2", ready: false } }],
    ["it does not have everything yet that it missed", { pod: { ...pod, template: "t2" }, healed: false }],
  ])("waits while of the first %s", (why, change) => {
    const coming = fleet({ "main-0-a": { template: "t2", ...change } });
    const [step] = nextSteps(want("t2", "g1"), coming);
    expect(step).toEqual({ do: "wait", server: "main-0-a", why });
  });

  it("goes on with the second when the first has everything", () => {
    const done = fleet({ "main-0-a": { template: "t2", pod: { ...pod, template: "t2" } } });
    expect(nextSteps(want("t2", "g1"), done)).toEqual([{ do: "restart", server: "main-0-b" }]);
  });

  it("takes nobody away while the partner is down, whoever took it down", () => {
    const views = fleet({ "main-0-b": { pod: { ...pod, ready: false }, template: "t2", healed: false } });
    // the one that is down is changed first
    expect(nextSteps(want("t2", "g1"), views)).toMatchObject([{ do: "evict", server: "main-0-b" }]);
    const alone = fleet({
      "main-0-b": { pod: { ...pod, ready: false, template: "t2" }, template: "t2", healed: false },
    });
    expect(nextSteps(want("t2", "g1"), alone)).toMatchObject([{ do: "wait", server: "main-0-b" }]);
  });

  it("never has two servers of a shard away, whatever is killed meanwhile", () => {
    // every combination of what may be known of a pair
    const states: Partial<ServerView>[] = [
      {},
      { healed: false },
      { pod: undefined, shown: undefined },
      { pod: { ...pod, ready: false }, shown: undefined },
      { pod: { ...pod, leaving: true } },
      { template: "t2" },
      { template: "t2", pod: { ...pod, template: "t2" } },
      { template: "t2", pod: { ...pod, template: "t2", ready: false }, shown: undefined, healed: false },
    ];
    for (const a of states)
      for (const b of states) {
        const views = fleet({ "main-0-a": a, "main-0-b": b });
        for (const step of nextSteps(want("t2", "g1"), views)) {
          if (step.do !== "restart" && step.do !== "evict") continue;
          const partner = views.get(
            step.server === "main-0-a" ? "main-0-b" : step.server === "main-0-b" ? "main-0-a" : "",
          );
          const own = views.get(step.server);
          if (!partner || !own?.pod?.ready || own.pod.leaving) continue;
          expect([partner.pod?.ready, partner.pod?.leaving, partner.healed]).toEqual([true, false, true]);
        }
      }
  });
});
