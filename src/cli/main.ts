import { Command, CommanderError } from "commander";
import { exit } from "../errors/exit-codes.ts";
import { formatComplaint, PromfleetError } from "../errors/promfleet-error.ts";
import { reportError } from "./report-error.ts";
import { version } from "./version.ts";

/** A file of this folder: builds its command. Heavy imports belong inside its action, so that --help stays quick. */
export interface CommandModule {
  command(): Command;
}

/** Every verb, in the order of --help. A module is only loaded when its verb is called or help is asked for. */
const verbs: Record<string, () => Promise<CommandModule>> = {
  init: () => import("./init.ts"),
  validate: () => import("./validate.ts"),
  up: () => import("./up.ts"),
  down: () => import("./down.ts"),
  status: () => import("./status.ts"),
  coverage: () => import("./coverage.ts"),
  diff: () => import("./diff.ts"),
  explain: () => import("./explain.ts"),
  logs: () => import("./logs.ts"),
  server: () => import("./server.ts"),
  heal: () => import("./heal.ts"),
  supervise: () => import("./supervise.ts"),
  programs: () => import("./programs.ts"),
  gateway: () => import("./gateway.ts"),
  "demo-exporter": () => import("./demo-exporter.ts"),
  "hash-password": () => import("./hash-password.ts"),
  dashboard: () => import("./dashboard.ts"),
  rules: () => import("./rules.ts"),
  render: () => import("./render.ts"),
  apply: () => import("./apply.ts"),
  operator: () => import("./operator.ts"),
  crd: () => import("./crd.ts"),
};

/** What commander complains of, in the form of all complaints. */
function usageError(text: string): string {
  const message = text
    .replace(/^error: /, "")
    .trim()
    .replaceAll("\n", " ");
  return `promfleet: ${formatComplaint({ code: "USAGE", message })}\n`;
}

async function main(argv: readonly string[]): Promise<number> {
  const program = new Command("promfleet")
    .description("Prometheus in pairs and shards behind one address that always answers")
    .helpCommand(false)
    .version(version, "--version", "print the version");
  const verb = argv.find((word) => !word.startsWith("-"));
  const wanted = verb !== undefined && verb in verbs ? [verb] : Object.keys(verbs);
  for (const name of wanted) {
    const load = verbs[name];
    if (load) program.addCommand((await load()).command());
  }
  for (const command of [program, ...program.commands])
    command.exitOverride().configureOutput({ outputError: (text, write) => write(usageError(text)) });
  try {
    await program.parseAsync(argv, { from: "user" });
    return Number(process.exitCode ?? exit.ok);
  } catch (error) {
    // it is printed already
    if (error instanceof CommanderError) return error.exitCode === 0 ? exit.ok : exit.usage;
    return reportError(error);
  }
}

// whoever reads our output may stop reading: `promfleet logs … | head`. What runs for long has a listener of its own, and goes on.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
  if (process.stdout.listenerCount("error") === 1)
    process.exit(code === "EPIPE" ? exit.ok : exit.environment);
});
process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) =>
  reportError(
    error instanceof PromfleetError ? error : new Error("cannot run the command", { cause: error }),
  ),
);
