import { rm } from "node:fs/promises";
import { evaluatorRecordFile } from "./evaluator-process.ts";
import type { LocalFleet, Member, Say } from "./local-fleet.ts";
import { findRecorded, readProcessRecord } from "./process-record.ts";
import { adoptProcess, endProcess } from "./running-process.ts";

/** ms */
const evaluatorGrace = 5000;
/** ms after which it is said who is waited for. */
const patience = 5000;

/** Ends a fleet in order: nobody asks any more, nothing is scraped any more, then the servers write what they have. Data stays. */
export async function takeDown(fleet: LocalFleet, say: Say): Promise<void> {
  const members = fleet.names().flatMap((name) => fleet.member(name) ?? []);
  const having = (kind: Member["desired"]["kind"]) => members.filter(({ desired }) => desired.kind === kind);
  await stopAll(having("gateway"), say);
  await endEvaluator(fleet, say);
  await stopAll(having("exporter"), say);
  await stopAll(having("server"), say);
  for (const { desired } of members) await fleet.remove(desired.name);
}

async function stopAll(members: readonly Member[], say: Say): Promise<void> {
  await Promise.all(
    members.map(async ({ kept, desired }) => {
      if (kept.state === "stopped") return;
      const begun = performance.now();
      const slow = setInterval(() => {
        say(`${desired.name} is still writing after ${Math.round((performance.now() - begun) / 1000)} s`);
      }, patience);
      try {
        await kept.stop();
      } finally {
        clearInterval(slow);
      }
      say(`${desired.name} is stopped`);
    }),
  );
}

/** The gateway ends its evaluator itself; one that was killed could not. */
async function endEvaluator(fleet: LocalFleet, say: Say): Promise<void> {
  const file = evaluatorRecordFile(fleet.paths.evaluator);
  const record = await readProcessRecord(file);
  const identity = record && findRecorded(record);
  if (!record) return;
  if (identity) {
    await endProcess(adoptProcess(identity), evaluatorGrace);
    say(`${record.name} is stopped`);
  }
  await rm(file, { force: true });
}
