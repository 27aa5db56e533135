import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { Command } from "commander";
import { PromfleetError } from "../errors/promfleet-error.ts";

export function command(): Command {
  return new Command("hash-password")
    .description("print what stands for a password, or a token, of a tenant in fleet.yaml")
    .option("--token", "it is a random token: its hash need not be slow")
    .addHelpText("after", help)
    .action(async ({ token }: { token?: true }) => {
      const secret = await readSecret(token ? "Token: " : "Password: ");
      const { hashPassword, hashToken } = await import("../gateway/tenancy/password-hash.ts");
      process.stdout.write(`${token ? hashToken(secret) : await hashPassword(secret)}\n`);
    });
}

const help = `
It is the first line of standard input, or asked for on a terminal, where it is not shown. Passwords and tokens themselves have no place in
files, nor among the words of a command, which others can see.

Examples:
  $ promfleet hash-password
  $ pass show grafana | promfleet hash-password
  $ openssl rand -base64 32 | tee token | promfleet hash-password --token
`;

/** Characters of a line that is believed to be one. */
const longest = 1024;

/** @throws PromfleetError USAGE where there is none, or none that could be sent */
async function readSecret(prompt: string): Promise<string> {
  const { stdin, stderr } = process;
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: silence, terminal: stdin.isTTY });
  if (stdin.isTTY) stderr.write(prompt);
  try {
    for await (const line of lines) return checked(line);
    return checked("");
  } finally {
    lines.close();
    if (stdin.isTTY) stderr.write("\n");
  }
}

function checked(secret: string): string {
  const wrong =
    secret === ""
      ? "there is none on standard input"
      : secret.length > longest
        ? `it has more than ${longest} characters`
        : /\p{Cc}/u.test(secret)
          ? "it has a control character, which no client sends"
          : undefined;
  if (wrong !== undefined) throw new PromfleetError({ code: "USAGE", message: `no password: ${wrong}` });
  return secret;
}
