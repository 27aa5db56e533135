import { lstat, readdir } from "node:fs/promises";
import path from "node:path";

/**
 * The files that a pattern names, as Go's filepath.Glob has it, which Prometheus uses: `*`, `?` and `[a-z]` within a name, a
 * backslash before what is meant literally; a name that begins with a dot is no exception. Sorted; none where there are none.
 */
export async function matchingFiles(pattern: string): Promise<string[]> {
  const [first = "", ...rest] = pattern.split("/");
  let found = [first === "" ? "/" : ""];
  for (const part of first === "" ? rest : [first, ...rest])
    found = (await Promise.all(found.map((folder) => childrenOf(folder, part)))).flat();
  return found;
}

async function childrenOf(folder: string, part: string): Promise<string[]> {
  if (!/[*?[\\]/.test(part)) {
    const file = path.join(folder, part);
    return await lstat(file).then(
      () => [file],
      () => [],
    );
  }
  const matches = nameRegex(part);
  // a folder that is not there or not to be read has no children
  const names = matches ? await readdir(folder || ".").catch(() => []) : [];
  return names
    .filter((name) => matches?.test(name))
    .toSorted()
    .map((name) => path.join(folder, name));
}

/** undefined where the pattern is none. */
function nameRegex(part: string): RegExp | undefined {
  const source = part.replaceAll(
    /\\(.)|\[(\^?)((?:\\.|[^\]\\])+)\]|([*?])|([^\\*?])/gsu,
    (all, escaped?: string, not?: string, members?: string, wild?: string) => {
      if (wild !== undefined) return wild === "*" ? "[^]*" : "[^]";
      if (members !== undefined) return `[${not ?? ""}${members.replaceAll("[", "\\[")}]`;
      return (escaped ?? all).replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
    },
  );
  try {
    return new RegExp(`^${source}$`, "u");
  } catch {
    return undefined;
  }
}
