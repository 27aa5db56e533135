import { styleText } from "node:util";

/** What happens, one line each, to a stream that people read; with the time it took so far, in colour on a terminal. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #begun = performance.now();

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  say(sentence: string): void {
    const seconds = ((performance.now() - this.#begun) / 1000).toFixed(1).padStart(5);
    this.#stream.write(`${paint(this.#stream, "dim", `${seconds} s`)}  ${sentence}\n`);
  }
}

/** Text in a style on a terminal that shows colours; as it is elsewhere, and where NO_COLOR is set. */
export function paint(
  stream: NodeJS.WriteStream,
  style: "dim" | "bold" | "green" | "red" | "yellow",
  text: string,
): string {
  return stream.isTTY && !process.env["NO_COLOR"] ? styleText(style, text, { validateStream: false }) : text;
}
