import { distance } from "fastest-levenshtein";

/** The word that was probably meant: spelled alike, other case and other separators aside; undefined where none is near. */
export function nearest(word: string, words: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of words) {
    const steps = distance(bare(word), bare(candidate));
    // a third of the letters may be wrong, a beginning may be missing its end
    const far = Math.max(1, Math.floor(Math.min(word.length, candidate.length) / 3));
    if (steps <= far && steps < least) [best, least] = [candidate, steps];
  }
  return best;
}

function bare(word: string): string {
  return word.replaceAll(/[-_]/g, "").toLowerCase();
}
