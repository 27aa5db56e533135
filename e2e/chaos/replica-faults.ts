import type { Fault } from "../harness/fault-proxy.ts";
import { untilElapsed } from "../harness/until.ts";
import type { ChaosReplica } from "./chaos-fleet.ts";
import type { Random } from "../harness/random.ts";

/** Something that is done to one replica, and undone. */
export interface ReplicaFault {
  kind: string;
  /** Whether it misses scrapes. */
  misses: boolean;
  /** Resolves when it is over. */
  strike(replica: ChaosReplica, random: Random): Promise<void>;
}

/** ms */
const lasting = { least: 1000, most: 4000 };

export const replicaFaults: readonly ReplicaFault[] = [
  {
    kind: "killed",
    misses: true,
    async strike(replica, random) {
      await replica.end("SIGKILL");
      await untilElapsed(random.between(0, 3000));
      await replica.startAgain();
    },
  },
  {
    kind: "restarted",
    misses: true,
    async strike(replica) {
      await replica.end("SIGTERM");
      await replica.startAgain();
    },
  },
  {
    kind: "stopped",
    misses: true,
    async strike(replica, random) {
      replica.signal("SIGSTOP");
      await untilElapsed(random.between(lasting.least, 6000));
      replica.signal("SIGCONT");
    },
  },
  proxied("refusing", () => ({ kind: "refuse" })),
  proxied("cut", () => ({ kind: "cut", after: "anywhere" })),
  proxied("corrupted", () => ({ kind: "corrupt", at: "anywhere" })),
  proxied("delayed", (random) => ({ kind: "delay", ms: random.between(50, 3000) })),
  proxied("trickled", (random) => ({
    kind: "trickle",
    perSecond: random.between(5, 500),
    after: "anywhere",
  })),
  proxied("hung", () => ({ kind: "hang", after: "anywhere" })),
];

function proxied(kind: string, fault: (random: Random) => Fault): ReplicaFault {
  return {
    kind,
    misses: false,
    async strike({ proxy }, random) {
      proxy.fault = fault(random);
      if (proxy.fault.kind === "refuse") proxy.reset();
      await untilElapsed(random.between(lasting.least, lasting.most));
      proxy.fault = { kind: "none" };
      // what hangs or trickles would go on doing so
      proxy.reset();
    },
  };
}
