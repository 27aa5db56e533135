import type { Random } from "../harness/random.ts";
import type { Expression } from "../histories/query.ts";

/** The ways to write the same thing: white space, comments, upper case. */
export class Spelling {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A word of the language that is no name of a function. */
  word(text: string): string {
    const random = this.#random;
    if (!random.chance(0.04)) return text;
    return random.chance(0.5) ? text.toUpperCase() : text.slice(0, 1).toUpperCase() + text.slice(1);
  }

  /** Where there may be space or none. */
  gap(usual = ""): string {
    const random = this.#random;
    if (!random.chance(0.03)) return usual;
    return random.pick([
      " ",
      "  ",
      "\n",
      "\t",
      "\r\n ",
      ' # a comment) with "much{ in it\n',
      "\n\n# ümläut 🦉\n",
    ]);
  }

  /** Where there has to be some. */
  space(): string {
    return this.gap(" ");
  }
}

export function vector(text: string, ...parts: Expression[]): Expression {
  return { text, type: "vector", parts };
}

export function matrix(text: string, ...parts: Expression[]): Expression {
  return { text, type: "matrix", parts };
}

export function scalar(text: string, ...parts: Expression[]): Expression {
  return { text, type: "scalar", parts };
}
