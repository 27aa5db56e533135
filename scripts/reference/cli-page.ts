import { readFile } from "node:fs/promises";
import path from "node:path";
import { Command } from "commander";
import type { CommandModule } from "../../src/cli/main.ts";

const cli = path.resolve(import.meta.dirname, "../../src/cli");

/** docs/reference/cli.md: the help of every verb, in the order of `promfleet --help`. */
export async function cliPage(): Promise<string> {
  // main.ts runs when it is imported, so its table is read as text
  const main = await readFile(path.join(cli, "main.ts"), "utf8");
  const files = main.matchAll(/import\("\.\/([-\w]+\.ts)"\)/g).map(([, file = ""]) => file);
  const modules = await Promise.all(
    files.map(async (file) => (await import(path.join(cli, file))) as CommandModule),
  );
  const program = new Command("promfleet").helpCommand(false);
  for (const module of modules) program.addCommand(module.command());
  const sections = program.commands.map(
    (command) => `## promfleet ${command.name()}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\``,
  );
  return `# Commands

As \`promfleet VERB --help\` prints it. Exit codes are in [errors.md](../errors.md).

${sections.join("\n\n")}
`;
}

function helpOf(command: Command): string {
  const subcommands = command.commands.map((sub) => `\n\n${helpOf(sub)}`);
  let text = "";
  command.configureHelp({ helpWidth: 100 });
  command.configureOutput({ writeOut: (part) => (text += part), getOutHasColors: () => false });
  command.outputHelp();
  const lines = text.split("\n").map((line) => line.trimEnd());
  return `${lines.join("\n").trim()}${subcommands.join("")}`;
}
