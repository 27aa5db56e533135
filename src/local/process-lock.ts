import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { asWriteError } from "./atomic-write.ts";
import { identify, isAlive } from "./process-identity.ts";
import { readStateFile, writeStateFile } from "./state-file.ts";
import { until } from "./until.ts";

const claimSchema = z.object({
  pid: z.number(),
  started: z.string(),
  /** False while it looks whether somebody else has a claim. */
  held: z.boolean(),
});
type Claim = z.infer<typeof claimSchema>;

/** ms to wait for others who came at the same moment. */
const patience = 5000;

/**
 * A lock that ends with its holder, however that ends. Everyone who wants it puts a claim of his own into the folder, then looks
 * at the others': whoever sees no living one holds it; of two that see each other the smaller name goes on. Claims of the dead are
 * swept away, and as no two claims share a file, a sweep can never hit a living one.
 * @param folder of the claims
 * @returns a function that gives the lock back; the pid of who has it if it is not to be had
 * @throws PromfleetError DISK_FULL, STATE_NOT_WRITABLE
 */
export async function takeLock(folder: string): Promise<{ release(): Promise<void> } | { heldBy: number }> {
  const self = identify(process.pid);
  if (!self) throw new Error("this process cannot identify itself");
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw asWriteError(error, folder);
  });
  const name = `${randomUUID()}.json`;
  const file = path.join(folder, name);
  const release = async () => await rm(file, { force: true });
  await writeStateFile(file, { ...self, held: false } satisfies Claim);
  try {
    let heldBy: number | undefined;
    const alone = await until(async () => {
      const others = await livingClaims(folder, name);
      const ahead = others.find((other) => other.held || other.name < name);
      heldBy = ahead?.pid ?? others[0]?.pid;
      return others.length === 0 || ahead !== undefined;
    }, patience);
    if (!alone || heldBy !== undefined) {
      await release();
      return { heldBy: heldBy ?? 0 };
    }
    await writeStateFile(file, { ...self, held: true } satisfies Claim);
    return { release };
  } catch (error) {
    await release();
    throw error;
  }
}

async function livingClaims(folder: string, own: string): Promise<(Claim & { name: string })[]> {
  const names = (await readdir(folder)).filter((name) => name !== own && !name.startsWith("."));
  const found: (Claim & { name: string })[] = [];
  for (const name of names) {
    const file = path.join(folder, name);
    const claim = await readStateFile(file, claimSchema);
    if (!claim) continue;
    if (isAlive(claim)) found.push({ ...claim, name });
    else await rm(file, { force: true });
  }
  return found;
}
