import { schemaLine } from "../default-fleet.ts";
import { yamlText } from "../yaml-text.ts";
import type { ImportNote } from "./import-note.ts";
import type { ImportedFleet } from "./import-prometheus.ts";

/** fleet.yaml of an imported fleet; what its owner has to know stands at the top. */
export function declarationText(fleet: ImportedFleet, from: string): string {
  const { declaration, notCarried, changed, secrets } = fleet;
  const head = [
    schemaLine,
    ...commented(
      `Taken over from ${from}. Comments are lost; rules and scrape configs of other files stand here. Flags of the command line, retention among them, are not in that file: set them below. \`promfleet validate\` checks this file, \`promfleet up\` starts it.`,
    ),
    ...listed("Not carried", notCarried),
    ...listed("Changed", changed),
    ...(secrets.length > 0
      ? commented(`Holds secrets (${secrets.join(", ")}): keep it to yourself, or put them into files.`)
      : []),
  ];
  const body = yamlText(declaration)
    .replace(
      "\n  prometheus:\n",
      '\n  prometheus:\n    # version: "3.16" # the newest that is found, where none is asked for\n',
    )
    .replace("\n  scrapeConfigs:", "\n    # retention: 15d\n  scrapeConfigs:")
    .replace(
      "\n    host: 127.0.0.1\n",
      "\n    host: 127.0.0.1\n    # port: 9090 # a free one is chosen, and kept\n",
    );
  return `${head.join("\n")}\n${body}`;
}

function listed(title: string, notes: readonly ImportNote[]): string[] {
  if (notes.length === 0) return [];
  return [
    "#",
    `# ${title}:`,
    ...notes.flatMap(({ what, at, why }) => commented(`${at}: ${what}: ${why}`, "#   ")),
  ];
}

/** Lines of at most 110 characters, where words are shorter; no line break gets through. */
function commented(text: string, margin = "# "): string[] {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && margin.length + last.length + word.length > 109) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines.map((line) => `${margin}${line}`);
}
