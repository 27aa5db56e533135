import { setTimeout as pause } from "node:timers/promises";
import { type HealedFar, type HealedSummary, healFromPartners } from "../heal/heal-from-partners.ts";
import { healingTerms } from "../heal/healing-terms.ts";
import type { FleetBuild } from "./fleet-build.ts";
import type { LocalFleet, Member, Say } from "./local-fleet.ts";
import { partnersOf, waitForScrapes } from "./restart-server.ts";
import { ScrapeCount } from "../servers/scrape-progress.ts";
import type { HealingStatus } from "./status-document.ts";
import { takesSamples } from "./takes-samples.ts";
import { whileNobodyHeals } from "./while-nobody-heals.ts";

/** ms */
const poll = 500;
/** Between two looks for what a server lacks that was there all the time. */
const lookEvery = 60_000;
const retryAfter = 10_000;
/** How far back such a look goes beyond what is settled: intervals are seen there. */
const lookBack = 600_000;

interface Healed {
  /** Of the process, and of when it became ready: another one has come back. */
  life: string;
  /** ms since 1970: before this, nothing is missing. */
  settled: number | undefined;
  recentOutages: HealedFar["recentOutages"] | undefined;
  /** performance.now() */
  nextLook: number;
}

/** Gives the replicas of a fleet what they missed, one server at a time: after each return, and once a minute what was left. */
export class FleetHealer {
  readonly #fleet: LocalFleet;
  readonly #say: Say;
  readonly #known = new Map<string, Healed>();
  readonly #status = new Map<string, HealingStatus>();
  readonly #ending = new AbortController();
  #running: Promise<void> | undefined;
  /** One at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(fleet: LocalFleet, say: Say) {
    this.#fleet = fleet;
    this.#say = say;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends what is under way; it is gone on with when somebody looks again. */
  async stop(): Promise<void> {
    this.#ending.abort(new Error("the fleet is taken down"));
    await this.#running;
    await this.#turn;
  }

  status(name: string): HealingStatus | undefined {
    return this.#status.get(name);
  }

  /** Gives a server that is back what it missed. What fails is told, and tried again later. @throws the signal's reason */
  async heal(member: Member, build: FleetBuild, signal: AbortSignal): Promise<void> {
    const turn = this.#turn.then(async () => await this.#healInTurn(member, build, signal));
    this.#turn = turn.catch(() => undefined);
    await turn;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      for (const name of this.#fleet.names()) {
        try {
          await this.#look(name);
        } catch (error) {
          if (signal.aborted) return;
          this.#say(`${name} could not be looked at for what it lacks: ${text(error)}`);
        }
      }
      await pause(poll, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(name: string): Promise<void> {
    const member = this.#fleet.member(name);
    const build = this.#fleet.published;
    if (!member || !build || !isHealable(member) || !healingTerms(build)) return;
    const partners = readyPartners(this.#fleet, member);
    if (partners.length === 0) return;
    const life = lifeOf(member);
    const known = this.#known.get(name);
    if (known?.life === life && performance.now() < known.nextLook) return;
    if (known?.life !== life) {
      const count = new ScrapeCount(member.kept.since.getTime(), 2);
      // a target that only this one can not scrape holds up nobody
      await waitForScrapes(member, partners[0], count, this.#ending.signal).catch((error: unknown) => {
        this.#ending.signal.throwIfAborted();
        this.#say(text(error));
      });
      if (lifeOf(member) !== life || !isHealable(member)) return;
    }
    await this.heal(member, build, this.#ending.signal);
  }

  async #healInTurn(member: Member, build: FleetBuild, asked: AbortSignal): Promise<void> {
    const terms = healingTerms(build);
    const partners = readyPartners(this.#fleet, member);
    if (!terms || partners.length === 0 || !isHealable(member)) return;
    const { name } = member.desired;
    const life = lifeOf(member);
    const known = this.#known.get(name);
    const before = known?.life === life ? known : undefined;
    const [settled, recentOutages] = [before?.settled, before?.recentOutages];
    const signal = AbortSignal.any([asked, this.#ending.signal]);
    try {
      const summary = await whileNobodyHeals(
        this.#fleet.paths,
        (pid) => this.#say(`${name} is healed after process ${pid} is done with it`),
        signal,
        async () =>
          await healFromPartners({
            server: serverOf(member),
            partners: partners.map(serverOf),
            terms,
            again: recentOutages,
            since: settled === undefined ? undefined : settled - lookBack,
            onProgress: (progress) => this.#progress(name, progress),
            signal,
          }),
      );
      this.#known.set(name, { ...summary, life, nextLook: performance.now() + lookEvery });
      this.#done(name, summary);
    } catch (error) {
      signal.throwIfAborted();
      this.#known.set(name, { life, settled, recentOutages, nextLook: performance.now() + retryAfter });
      this.#say(`${name} could not be given what it missed, which is tried again: ${text(error)}`);
    } finally {
      const status = this.#status.get(name);
      if (status) this.#status.set(name, { ...status, now: null });
    }
  }

  #progress(name: string, { partner, holes, done, samples }: Omit<HealNow, "since">): void {
    // of rules alone, after an outage that was told of
    if (holes === 0) return;
    const status = this.#status.get(name);
    if (!status?.now) this.#say(`${name} lacks what ${partner} has in ${holes} holes, and is given it`);
    const since = status?.now?.since ?? new Date().toISOString();
    this.#status.set(name, { last: status?.last ?? null, now: { partner, since, holes, done, samples } });
  }

  #done(name: string, { holes, series, samples, seconds, partners, refusedHistograms }: HealedSummary): void {
    if (samples === 0) return;
    const left =
      refusedHistograms > 0
        ? `; ${refusedHistograms} native histograms stay missing, which this version does not take late`
        : "";
    const from = partners.join(", ");
    this.#say(
      `${name} has what it missed: ${samples} samples of ${series} series in ${holes} holes, copied from ${from} in ${seconds.toFixed(1)} s${left}`,
    );
    const last = { at: new Date().toISOString(), partners, holes, series, samples, seconds };
    this.#status.set(name, { now: null, last });
  }
}

type HealNow = NonNullable<HealingStatus["now"]>;

function isHealable({ kept, heldBack, runsArgv, desired }: Member): boolean {
  return desired.kind === "server" && kept.state === "ready" && !heldBack && takesSamples(runsArgv);
}

function readyPartners(fleet: LocalFleet, member: Member): Member[] {
  return partnersOf(fleet, member.desired).filter(({ kept }) => kept.state === "ready");
}

function lifeOf({ kept }: Member): string {
  return `${kept.identity?.pid} ${kept.identity?.started} ${kept.since.getTime()}`;
}

function serverOf({ desired: { name, url } }: Member): { name: string; url: string } {
  return { name, url };
}

function text(error: unknown): string {
  return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
}
