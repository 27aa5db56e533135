/**
 * What is wrong with a regular expression of Prometheus (Go's RE2 syntax), as far as can be told without Go: undefined where
 * nothing is known to be wrong. It never refuses what Go accepts; Prometheus itself has the last word.
 */
export function regexMistake(pattern: string): string | undefined {
  // Prometheus wraps it so, and what is unbalanced alone may be balanced then: a)|(b
  const mistake = new Re2Scanner(`^(?s:${pattern})$`).mistake();
  return mistake && (new Re2Scanner(pattern).mistake() ?? mistake);
}

const singleEscapes = "AbBdDsSwWzafnrtv";
const classEscapes = "dDsSwWafnrtv";

class Re2Scanner {
  readonly #pattern: string;
  #at = 0;
  /** Whether something stands before that a repetition can repeat. */
  #repeatable = false;
  /** Whether what stands before is a repetition itself. */
  #repeated = false;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  mistake(): string | undefined {
    let depth = 0;
    while (this.#at < this.#pattern.length) {
      const character = this.#pattern.charAt(this.#at);
      let wrong: string | undefined;
      if (character === "(") {
        depth++;
        wrong = this.#openGroup();
        if (this.#closedFlags) depth--;
      } else if (character === ")") {
        if (depth === 0) return "a closing parenthesis has no opening one";
        depth--;
        this.#step(1, true);
      } else if (character === "[") wrong = this.#class();
      else if (character === "\\") wrong = this.#escape();
      else if (character === "|") this.#step(1, false);
      else if ("*+?".includes(character)) wrong = this.#repetition(1, character);
      else if (character === "{") wrong = this.#counted();
      else this.#step(1, true);
      if (wrong !== undefined) return wrong;
    }
    return depth > 0 ? "a parenthesis is not closed (missing closing parenthesis)" : undefined;
  }

  /** The group just opened was `(?i)`, which is closed already. */
  #closedFlags = false;

  #step(length: number, repeatable: boolean): undefined {
    this.#at += length;
    this.#repeatable = repeatable;
    this.#repeated = false;
  }

  #rest(): string {
    return this.#pattern.slice(this.#at);
  }

  #openGroup(): string | undefined {
    this.#closedFlags = false;
    const rest = this.#rest();
    if (!rest.startsWith("(?")) return this.#step(1, false);
    const look = /^\(\?(?:[=!]|<[=!])/.exec(rest);
    if (look) return `${look[0]} looks ahead or behind, which Prometheus' regular expressions cannot`;
    const name = /^\(\?P?<([^>]*)>/.exec(rest);
    if (name) return this.#step(name[0].length, false);
    if (/^\(\?P?</.test(rest)) return "the name of a group does not end";
    const flags = /^\(\?(?=.)[imsU]*(?:-[imsU]+)?([:)])/.exec(rest);
    if (!flags) return `${rest.slice(0, 4)} is no group that Prometheus' regular expressions know`;
    this.#closedFlags = flags[1] === ")";
    // what stands before flags is what a repetition after them repeats
    return this.#step(flags[0].length, this.#closedFlags && this.#repeatable);
  }

  #repetition(length: number, operator: string): string | undefined {
    if (this.#repeated) return `${operator} repeats a repetition`;
    if (!this.#repeatable) return `${operator} has nothing before it to repeat`;
    this.#at += length;
    // a question mark after it makes it prefer less
    if (this.#pattern.charAt(this.#at) === "?") this.#at++;
    this.#repeated = true;
    return undefined;
  }

  #counted(): string | undefined {
    const counts = /^\{(\d+)(,(\d*))?\}/.exec(this.#rest());
    // anything else in braces is just itself
    if (!counts) return this.#step(1, true);
    const [operator, least = "", , most = ""] = counts;
    if (Number(least) > 1000 || Number(most) > 1000) return `${operator} counts further than 1000`;
    if (most !== "" && Number(most) < Number(least)) return `${operator} counts backwards`;
    return this.#repetition(operator.length, operator);
  }

  #escape(): string | undefined {
    const rest = this.#rest();
    if (rest === "\\") return "a backslash stands at the end";
    if (rest.startsWith("\\Q")) {
      const end = rest.indexOf("\\E");
      return this.#step(end < 0 ? rest.length : end + 2, true);
    }
    if (rest.startsWith("\\E")) return this.#step(2, this.#repeatable);
    return this.#escaped(rest, singleEscapes);
  }

  /** One escape, in a class or outside. */
  #escaped(rest: string, letters: string): string | undefined {
    const known =
      /^\\(?:x[0-9A-Fa-f]{2}|x\{[0-9A-Fa-f]{1,6}\}|0[0-7]{0,2}|[1-7][0-7]{1,2}|[pP](?:\{\^?\w+\}|[A-Za-z])|[^0-9A-Za-z\u0080-\uffff])/.exec(
        rest,
      );
    if (known) return this.#step(known[0].length, true);
    if (letters.includes(rest.charAt(1))) return this.#step(2, true);
    if (/^\\[1-9]/.test(rest))
      return `${rest.slice(0, 2)} refers back to a group, which Prometheus' regular expressions cannot`;
    const [shown = ""] = /^\\[^]/u.exec(rest) ?? [];
    return `${shown} is no escape that Prometheus' regular expressions know`;
  }

  #class(): string | undefined {
    const opened = this.#at;
    this.#step(1, true);
    if (this.#pattern.charAt(this.#at) === "^") this.#at++;
    // a bracket that comes first is just itself
    let first = true;
    while (this.#at < this.#pattern.length) {
      const rest = this.#rest();
      const posix = /^\[:\^?\w+:\]/.exec(rest);
      if (rest.startsWith("]") && !first) return this.#step(1, true);
      const wrong = posix
        ? this.#step(posix[0].length, true)
        : (this.#classMember() ?? this.#endOfRange(rest));
      if (wrong !== undefined) return wrong;
      first = false;
    }
    return `${this.#pattern.slice(opened, opened + 20)} is a class that is not closed (missing closing ])`;
  }

  #classMember(): string | undefined {
    const rest = this.#rest();
    return rest.startsWith("\\") && rest.length > 1 ? this.#escaped(rest, classEscapes) : this.#step(1, true);
  }

  /** What follows a hyphen is one character, be it a bracket; what stands before is not, where it is a class of its own. */
  #endOfRange(begin: string): string | undefined {
    if (/^\\[dDsSwWpP]/.test(begin) || !/^-[^\]]/.test(this.#rest())) return undefined;
    this.#at++;
    return this.#classMember();
  }
}
