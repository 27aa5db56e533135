import { PromfleetError } from "../errors/promfleet-error.ts";
import { nearest } from "../spec/nearest.ts";

/** @param known names of the fleet's processes */
export function unknownServer(name: string, known: readonly string[]): PromfleetError {
  const meant = nearest(
    name,
    known.filter((one) => one !== ""),
  );
  const hint = meant === undefined ? "" : ` (did you mean ${meant}?)`;
  return new PromfleetError({
    code: "SERVER_UNKNOWN",
    message: `the fleet has no process called "${name}"${hint}`,
  });
}
