import { InvalidArgumentError } from "commander";

/** A path of the command line. An empty one is a variable that was never set, and would be the current folder. */
export function namedPath(text: string): string {
  if (text === "") throw new InvalidArgumentError("expected a path.");
  return text;
}
