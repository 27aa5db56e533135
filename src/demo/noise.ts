/** A number in [0, 1) that depends on the integers alone: the same wherever and whenever it is asked for. */
export function hash(...integers: readonly number[]): number {
  let state = 0x9e3779b9;
  for (const integer of integers) {
    state = Math.imul(state ^ (integer | 0), 0x85ebca6b);
    state = Math.imul(state ^ (state >>> 13) ^ Math.floor(integer / 2 ** 32), 0xc2b2ae35);
    state ^= state >>> 16;
  }
  state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
  state = Math.imul(state ^ (state >>> 12), 0x297a2d39);
  return ((state ^ (state >>> 15)) >>> 0) / 2 ** 32;
}

/** A value in [0, 1] that wanders smoothly in time, to another place about every `period` seconds. */
export function wander(seconds: number, period: number, ...seeds: readonly number[]): number {
  const octave = (scale: number) => {
    const at = (seconds / period) * scale;
    const left = Math.floor(at);
    const part = at - left;
    const eased = part * part * (3 - 2 * part);
    return hash(...seeds, scale, left) * (1 - eased) + hash(...seeds, scale, left + 1) * eased;
  };
  return (octave(1) * 4 + octave(3) * 2 + octave(7)) / 7;
}
