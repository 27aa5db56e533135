import type { CheckContext } from "../harness/check.ts";
import { serversAreWell } from "../harness/gateway-metrics.ts";
import { until } from "../harness/until.ts";
import type { Way } from "./asks.ts";
import type { HostileBackend } from "./hostile-backend.ts";
import type { HostileAnswer } from "./http-answers.ts";
import { type Seen, seenBy } from "./outcome.ts";

/** ms in which a shard that is lost has to be told of: at once, or where it takes some time to be found out. */
const longest = { quick: 1000, slow: 10_000 };

interface Bed {
  /** Replicas of the shard that is hostile. */
  pair: readonly HostileBackend[];
  gateways: readonly string[];
  right: ReadonlyMap<Way, Buffer>;
}

/** A hostile answer in a way of the gateway, and what it gives. */
export interface Try {
  way: Way;
  answer: HostileAnswer;
}

/** One replica is hostile: nobody notices. @returns what was not so */
export async function oneHostile(bed: Bed, { way, answer }: Try): Promise<string | undefined> {
  let { seen, took, said, struck } = await askOnce(bed, { way, answer });
  // which of the two is asked is the gateway's choice
  for (let left = mostAsked; struck === 0 && left > 0; left--)
    ({ seen, took, said, struck } = await askOnce(bed, { way, answer }));
  if (struck === 0) return told({ wrong: "it was never asked" }, way, answer, took);
  if (seen === "right" && took < longest.slow) return undefined;
  if (seen === "too late" && answer.isSilent === true) return undefined;
  if (isPassedOn(seen, way, answer)) return passedOn;
  // what has begun to go out can not be begun again
  if (seen === "broken off" && way.isStreamed) return undefined;
  return `${told(seen, way, answer, took)} ${said}`;
}

/** So many times at most, until it is the hostile one that is asked. */
const mostAsked = 10;

async function askOnce(
  bed: Bed,
  { way, answer }: Try,
): Promise<{ seen: Seen; took: number; said: string; struck: number }> {
  const hostile = await preferred(bed, way);
  hostile.hostility = answer;
  hostile.struck = 0;
  const seen = await seenBy(way, bed.right.get(way) ?? Buffer.alloc(0));
  const { struck } = hostile;
  await mended(bed);
  return { ...seen, struck };
}

/** Both are: the shard is named, or what has begun to go out breaks off. @returns what was not so */
export async function allHostile(bed: Bed, { way, answer }: Try): Promise<string | undefined> {
  for (const one of bed.pair) {
    one.hostility = answer;
    one.struck = 0;
  }
  const { seen, took, said } = await seenBy(way, bed.right.get(way) ?? Buffer.alloc(0));
  const struck = bed.pair.reduce((sum, one) => sum + one.struck, 0);
  await mended(bed);
  if (struck === 0) return told({ wrong: "none was asked" }, way, answer, took);
  if (seen === "right" && answer.mayBeRight === true) return undefined;
  if (seen === "too late" && answer.isSilent === true && took < longest.slow) return undefined;
  if (isPassedOn(seen, way, answer)) return passedOn;
  const isInTime = took < (answer.isSlow === true ? longest.slow : longest.quick);
  if (isInTime && (seen === "named" || (seen === "broken off" && way.isStreamed))) return undefined;
  return `${told(seen, way, answer, took)} ${said}`;
}

/** What comes back of a try where a long answer was passed on as a server had written it. */
export const passedOn = "passed on";

/** Of long answers only the structure is looked at, and what is in them is the server's word. */
const isPassedOn = (seen: Seen, way: Way, { isInside }: HostileAnswer) =>
  typeof seen !== "string" && seen.wrong.startsWith("200,") && way.isStreamed && isInside === true;

function told(seen: Seen, way: Way, { name }: HostileAnswer, took: number): string {
  const words = typeof seen === "string" ? seen : seen.wrong;
  return `${way.name}, ${name}: ${words}, ${took.toFixed(0)} ms`;
}

/** The one that is asked first as things are. */
async function preferred({ pair }: Bed, way: Way): Promise<HostileBackend> {
  for (const one of pair) one.passed = 0;
  await way.ask();
  const [first] = pair.toSorted((left, right) => right.passed - left.passed);
  if (!first) throw new Error("the shard has no replicas");
  return first;
}

async function mended({ pair, gateways }: Bed): Promise<void> {
  // connections that the gateway has kept are used again: what is left over on one must not come with the next answer
  for (const one of pair) one.hostility = undefined;
  await until("all servers are well", 20_000, async () => {
    const all = await Promise.all(gateways.map(async (url) => await serversAreWell(url)));
    return all.every(Boolean);
  });
}

const fits = (way: Way, answer: HostileAnswer) => answer.of === "any" || answer.of === way.of;

/** Of the answers, one in so many is tried in the short form. */
const every = 4;

/** Which answers are tried in which ways: of the short form some, each in one way. @param first of those */
export function triesOf(
  ways: readonly Way[],
  answers: readonly HostileAnswer[],
  soak: boolean,
  first: number,
): Try[] {
  const all = answers.map((answer) =>
    ways.filter((way) => fits(way, answer)).map((way) => ({ way, answer })),
  );
  if (soak) return all.flat();
  return all.flatMap((tries, index) =>
    index % every === first ? tries.slice(index % tries.length, (index % tries.length) + 1) : [],
  );
}

export type { Bed };

/** Says what is not so. */
export function claimTries(
  report: CheckContext["report"],
  what: string,
  count: number,
  wrong: readonly string[],
): void {
  for (const one of wrong.slice(0, 400)) report.figure("not so", one);
  report.claim(what, wrong.length === 0, `${wrong.length} of ${count} not`);
}
