import { ReadAdmission } from "../evaluate/read-admission.ts";

/** Large answers that are made at the same time, of all that are asked for. */
const most = 12;
const places = new ReadAdmission(() => most, 0);

/**
 * Waits for one of the few places for making a large answer: each holds a piece of every shard's answer, and some more for as long as it
 * can still become another one. To be left when its first bytes go out: from then on AnswersOnTheirWay bounds it.
 * @returns what gives the place back, however often it is called
 * @throws the signal's reason
 */
export async function placeForLarge(signal: AbortSignal): Promise<() => void> {
  const place = await places.enter(1, signal);
  let isLeft = false;
  return () => {
    if (isLeft) return;
    isLeft = true;
    place.release();
  };
}
