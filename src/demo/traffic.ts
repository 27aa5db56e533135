import { hash } from "./noise.ts";

/**
 * Where counting begins, in seconds since 1970 (2026-01-01): counters are integrals from here, so that they are
 * functions of time alone, whoever asks and however often the exporter was restarted.
 */
export const epoch = 1_767_225_600;

/** Seconds; all traffic is the same again after it. */
export const week = 604_800;

interface Wave {
  /** s; a week is a multiple of it */
  period: number;
  /** Of the mean; all amplitudes together stay below 1. */
  amplitude: number;
  /** radians */
  phase: number;
}

/** Requests a second that swing around a mean, with the integral in closed form. */
export class Traffic {
  readonly #mean: number;
  readonly #waves: readonly Wave[];

  /** @param seeds what tells one traffic from another: its waves are out of step with the others' */
  constructor(mean: number, ...seeds: readonly number[]) {
    this.#mean = mean;
    const wave = (period: number, amplitude: number, salt: number): Wave => ({
      period,
      amplitude,
      phase: hash(...seeds, salt) * 2 * Math.PI,
    });
    this.#waves = [
      // the day is everyone's: most at 15:00 UTC
      { period: 86_400, amplitude: 0.35, phase: -Math.PI * 0.75 },
      // 47 minutes, 5 minutes, 48 seconds
      wave(week / 216, 0.16, 1),
      wave(week / 1920, 0.2, 2),
      wave(week / 12_600, 0.08, 3),
    ];
  }

  /** A second, at a time in seconds since 1970. */
  rate(seconds: number): number {
    let factor = 1;
    for (const { period, amplitude, phase } of this.#waves)
      factor += amplitude * Math.sin((2 * Math.PI * seconds) / period + phase);
    return this.#mean * factor;
  }

  /** How many there were from the epoch on; never falls. */
  total(seconds: number): number {
    const elapsed = Math.max(0, seconds - epoch);
    let sum = elapsed;
    for (const { period, amplitude, phase } of this.#waves) {
      const turn = (2 * Math.PI) / period;
      const cosines = Math.cos(turn * epoch + phase) - Math.cos(turn * (epoch + elapsed) + phase);
      sum += (amplitude / turn) * cosines;
    }
    return this.#mean * sum;
  }
}
