import { hash } from "./noise.ts";
import { epoch, type Traffic, week } from "./traffic.ts";

/** Seconds; an incident lies within one window. */
const window = 1200;
const windows = week / window;

interface Incident {
  /** s since the week began */
  from: number;
  until: number;
  /** The share of requests that fail, slowly. */
  severity: number;
}

/**
 * Times when things go wrong now and then: about two windows in three have one, of 2 to 6 minutes. The calendar is the
 * same every week, as the traffic is, so that what failed since the epoch is known without going through all of it.
 */
export class Incidents {
  readonly #traffic: Traffic;
  readonly #calendar: readonly (Incident | undefined)[];
  /** Failed requests of the windows before this one, in a week. */
  readonly #before: readonly number[];
  readonly #ofWeek: number;

  constructor(traffic: Traffic, ...seeds: readonly number[]) {
    this.#traffic = traffic;
    this.#calendar = Array.from({ length: windows }, (_, at) => drawIncident(at, seeds));
    const before: number[] = [];
    let failed = 0;
    for (const incident of this.#calendar) {
      before.push(failed);
      failed += this.#failedOf(incident, week);
    }
    this.#before = before;
    this.#ofWeek = failed;
  }

  /** The share of requests that fail now; seconds since 1970. */
  severity(seconds: number): number {
    const now = Math.max(0, seconds - epoch) % week;
    const incident = this.#calendar[Math.floor(now / window)];
    return incident && now >= incident.from && now < incident.until ? incident.severity : 0;
  }

  /** How many failed from the epoch on; never falls. */
  failed(seconds: number): number {
    const elapsed = Math.max(0, seconds - epoch);
    const now = elapsed % week;
    const at = Math.floor(now / window);
    const thisWeek = (this.#before[at] ?? 0) + this.#failedOf(this.#calendar[at], now);
    return Math.floor(elapsed / week) * this.#ofWeek + thisWeek;
  }

  #failedOf(incident: Incident | undefined, now: number): number {
    if (!incident || now <= incident.from) return 0;
    const { from, until, severity } = incident;
    const inIncident = this.#traffic.total(epoch + Math.min(now, until)) - this.#traffic.total(epoch + from);
    return severity * inIncident;
  }
}

function drawIncident(at: number, seeds: readonly number[]): Incident | undefined {
  const draw = (salt: number) => hash(...seeds, at, salt);
  if (draw(1) > 0.65) return undefined;
  const length = 120 + 240 * draw(2);
  const from = at * window + (window - length) * draw(3);
  return { from, until: from + length, severity: 0.04 + 0.3 * draw(4) ** 2 };
}
