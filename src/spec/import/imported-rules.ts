import { PromfleetError } from "../../errors/promfleet-error.ts";
import type { Verbatim } from "../fleet-spec.ts";
import type { InputDocument } from "../input-document.ts";
import { isMap } from "../shown-value.ts";
import { type ImportNote, placeIn } from "./import-note.ts";

/** A rule group, and where it comes from. */
export interface ImportedGroup {
  group: Verbatim;
  /** `rules/app.yml:2:5` */
  at: string;
  changed: readonly ImportNote[];
}

/**
 * The rule groups of all files. A group whose name another file has used already gets the name of its file behind it: one
 * declaration has each name once.
 * @throws PromfleetError IMPORT_REFUSED
 */
export function importedRules(documents: readonly InputDocument[]): ImportedGroup[] {
  const taken = new Set<string>();
  return documents.flatMap((document) =>
    groupsOf(document).map((group, index) => {
      const at = placeIn(document, ["groups", index]);
      const { name } = group;
      if (typeof name !== "string") return { group, at, changed: [] };
      const unused = firstUnused(name, document.file, taken);
      taken.add(unused);
      if (unused === name) return { group, at, changed: [] };
      const why = `called ${JSON.stringify(unused)}: another file has a group of this name`;
      return {
        group: { ...group, name: unused },
        at,
        changed: [{ what: `group ${JSON.stringify(name)}`, at, why }],
      };
    }),
  );
}

function groupsOf(document: InputDocument): Verbatim[] {
  const value = isMap(document.value) ? document.value : {};
  const { groups = [] } = value;
  const stray = Object.keys(value).find((key) => key !== "groups" && key !== "namespace");
  const refuse = (message: string, key: string) =>
    new PromfleetError({ code: "IMPORT_REFUSED", message, at: document.keyPositionOf([key]) });
  if (stray !== undefined) throw refuse(`unknown key ${JSON.stringify(stray)} in a file of rules`, stray);
  if (groups === null) return [];
  if (!Array.isArray(groups) || !groups.every(isMap))
    throw refuse("groups is not a list of rule groups", "groups");
  return groups;
}

function firstUnused(name: string, file: string, taken: ReadonlySet<string>): string {
  const names = [name, `${name} (${file})`];
  for (let number = 2; ; number++) {
    const unused = names.find((candidate) => !taken.has(candidate));
    if (unused !== undefined) return unused;
    names.push(`${name} (${file} ${number})`);
  }
}
