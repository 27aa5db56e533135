import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { exit } from "../errors/exit-codes.ts";
import { defaultFleetText } from "../spec/default-fleet.ts";

const program = path.join(import.meta.dirname, "../../bin/promfleet");

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

let folder: string;

beforeEach(async () => {
  const made = await mkdtemp(path.join(tmpdir(), "promfleet-init-"));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  folder = made;
});

async function promfleet(...args: string[]): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  execFile(program, args, { cwd: folder }, (error, stdout, stderr) =>
    resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
  );
  return promise;
}

async function write(file: string, text: string | Buffer): Promise<void> {
  await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
  await writeFile(path.join(folder, file), text);
}

const text = () => readFile(path.join(folder, "fleet.yaml"), "utf8");

it("writes a fleet that is valid, and never over one that is there", async () => {
  expect(await promfleet("init", "--name", "lab")).toMatchObject({ code: exit.ok, stderr: "" });
  expect(await text()).toBe(defaultFleetText("lab"));
  expect(await promfleet("validate", "--quick")).toMatchObject({ code: exit.ok });
  await write("fleet.yaml", "# mine\n");
  for (const args of [[], ["--from", "nowhere.yml"]]) {
    const { code, stderr } = await promfleet("init", ...args);
    expect([code, stderr]).toEqual([exit.environment, expect.stringContaining("[FILE_EXISTS]")]);
  }
  expect(await text()).toBe("# mine\n");
  expect(await readdir(folder)).toEqual(["fleet.yaml"]);
});

it("refuses a name that is none", async () => {
  expect(await promfleet("init", "--name", "Main Fleet")).toMatchObject({ code: exit.usage });
  expect(await readdir(folder)).toEqual([]);
});

it("takes over a configuration with its rule files, and says what it could not", async () => {
  await write("conf/prometheus.yml", "rule_files: [rules/*.yml]\nremote_read: [{ url: http://x/ }]\n");
  await write("conf/rules/a.yml", "groups: [{ name: g, rules: [{ record: a, expr: sum(up) }] }]\n");
  const { code, stderr } = await promfleet("init", "--from", "conf/prometheus.yml", "--shards", "2");
  expect(code).toBe(exit.ok);
  const [carried, refused, ...more] = stderr.trimEnd().split("\n");
  expect(carried).toMatch(/^not carried: conf\/prometheus\.yml:2:1: remote_read: /);
  expect(refused).toMatch(/^will be refused: fleet\.yaml:\d+:\d+: .*sum\(up\).* \[RULE_NEEDS_ALL_SHARDS\]$/);
  expect(more).toEqual([]);
  expect(await text()).toContain("conf/prometheus.yml:2:1: remote_read: ");
  // at the place that was told
  const validated = await promfleet("validate", "--quick");
  expect(validated.code).toBe(exit.input);
  expect(validated.stderr).toContain(/fleet\.yaml:\d+:\d+/.exec(refused ?? "")?.[0] ?? "no place");
});

it("prints what it did as JSON", async () => {
  await write("prometheus.yml", "tracing: {}\nglobal: { external_labels: { replica: a } }\n");
  const { stdout } = await promfleet("init", "--from", "prometheus.yml", "-o", "json");
  expect(JSON.parse(stdout)).toMatchObject({
    file: "fleet.yaml",
    notCarried: [{ what: "tracing", at: "prometheus.yml:1:1" }],
    changed: [{ what: "global.external_labels.replica" }],
    refused: [],
    secrets: [],
  });
});

it("lets nobody else read secrets", async () => {
  await write(
    "prometheus.yml",
    "scrape_configs: [{ job_name: a, basic_auth: { username: u, password: p } }]\n",
  );
  const { code, stderr } = await promfleet("init", "--from", "prometheus.yml");
  expect([code, stderr]).toEqual([exit.ok, expect.stringContaining("holds secrets (password)")]);
  expect((await stat(path.join(folder, "fleet.yaml"))).mode & 0o777).toBe(0o600);
});

it.each([
  [
    "a rule file that does not parse",
    { "r.yml": "groups: {\n" },
    /^promfleet: r\.yml:2:1: .*\[IMPORT_REFUSED\]/,
  ],
  [
    "a rule file that is none",
    { "r.yml": "group: []\n" },
    /^promfleet: r\.yml:1:1: .*"group".*\[IMPORT_REFUSED\]/,
  ],
  [
    "a file that is no text",
    { "r.yml": Buffer.from("groups: [\xff]\n", "latin1") },
    /^promfleet: r\.yml:1:10: .*UTF-8/,
  ],
  [
    "what a fleet cannot be made of",
    {
      "r.yml":
        "groups:\n  - { name: a, rules: [] }\n  - { name: b, rules: [{ alert: A, expr: 1, for: soon }] }\n",
    },
    /^promfleet: r\.yml:3:5: .*"soon".*\[IMPORT_REFUSED\]/,
  ],
])("refuses %s at its place, and writes nothing", async (_, files, said) => {
  await write("prometheus.yml", "rule_files: [r.yml]\n");
  for (const [file, content] of Object.entries(files)) await write(file, content);
  const { code, stderr } = await promfleet("init", "--from", "prometheus.yml");
  expect([code, stderr]).toEqual([exit.input, expect.stringMatching(said)]);
  expect((await readdir(folder)).toSorted()).toEqual(["prometheus.yml", "r.yml"]);
});

it("does not read without end", async () => {
  const { code, stderr } = await promfleet("init", "--from", "/dev/zero");
  expect([code, stderr]).toEqual([exit.input, expect.stringContaining("[INPUT_TOO_LARGE]")]);
});
