import { type ApiAnswer, type Heard, ask, post } from "../harness/http.ts";
import type { Random } from "../harness/random.ts";
import { type Question, questionsAt } from "./questions.ts";

/** What was answered to a question, by the text of the answer. */
export interface Answers {
  question: Question;
  /** Bodies, and when the first such one came, in s of the run. */
  bodies: Map<string, number>;
}

/** Asks the gateway at a steady rate, whatever the answers take, and keeps all that it answers. */
export class Asking {
  sent = 0;
  readonly failures: string[] = [];
  /** ms of each answer, and when it was asked for, in s of the run. */
  readonly latencies: { at: number; ms: number; what: string }[] = [];
  readonly answers = new Map<string, Answers>();
  readonly #gateway: string;
  readonly #random: Random;
  readonly #began = performance.now();
  readonly #open = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;

  constructor(gateway: string, perSecond: number, random: Random) {
    this.#gateway = gateway;
    this.#random = random;
    this.#timer = setInterval(() => this.#sendDue(perSecond), 1000 / perSecond);
  }

  /** s since the first request. */
  get elapsed(): number {
    return (performance.now() - this.#began) / 1000;
  }

  /** Sends no more, and waits for what is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
  }

  #sendDue(perSecond: number): void {
    while (this.sent < this.elapsed * perSecond) {
      this.sent++;
      const sending = this.#send(this.#random.pick(questionsAt(Date.now() / 1000))).finally(() =>
        this.#open.delete(sending),
      );
      this.#open.add(sending);
    }
  }

  async #send(question: Question): Promise<void> {
    const at = this.elapsed;
    const began = performance.now();
    const fail = (why: string) => this.failures.push(`at ${at.toFixed(1)} s ${question.text}: ${why}`);
    try {
      const { status, body } = await sendQuestion(this.#gateway, question);
      const text = body.toString();
      if (status !== 200) return void fail(`${status} ${text.slice(0, 1200)}`);
      const { warnings } = JSON.parse(text) as ApiAnswer;
      if (warnings) return void fail(`with warnings: ${warnings.join("; ").slice(0, 400)}`);
      const known = this.answers.get(question.text) ?? { question, bodies: new Map<string, number>() };
      this.answers.set(question.text, known);
      if (!known.bodies.has(text)) known.bodies.set(text, at);
    } catch (error) {
      fail(String(error));
    } finally {
      this.latencies.push({ at, ms: performance.now() - began, what: question.text });
    }
  }
}

export async function sendQuestion(
  base: string,
  { path, params, method }: Question,
  withinMs = 15_000,
): Promise<Heard> {
  const url = `${base}/api/v1/${path}`;
  if (method === "POST") return await post(url, params, { withinMs });
  return await ask(`${url}?${new URLSearchParams(params).toString()}`, { withinMs });
}
