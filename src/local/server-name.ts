import { closest } from "fastest-levenshtein";
import { PromfleetError } from "../errors/promfleet-error.ts";

/** @param known names of the fleet's processes */
export function unknownServer(name: string, known: readonly string[]): PromfleetError {
  const names = known.filter((one) => one !== "");
  const nearest = names.length > 0 ? ` (did you mean ${closest(name, names)}?)` : "";
  return new PromfleetError({
    code: "SERVER_UNKNOWN",
    message: `the fleet has no process called "${name}"${nearest}`,
  });
}
