import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { cachedProgram } from "./programs.ts";
import { run } from "./promfleet.ts";

/** A rule file that promtool is asked about. */
export class RuleFile implements Disposable {
  readonly #folder = mkdtempSync(path.join(os.tmpdir(), "promfleet-rules-"));
  readonly #file: string;

  constructor(text: string) {
    this.#file = path.join(this.#folder, "rules.yaml");
    writeFileSync(this.#file, text);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }

  /** What promtool says of it: exit code, stderr, stdout. @param version of Prometheus */
  async check(version: string): Promise<[number | null, string, string]> {
    const { code, stdout, stderr } = await run([promtool(version), "check", "rules", this.#file]);
    return [code, stderr, stdout];
  }

  /**
   * Whether an alert is on at a minute, as promtool's unit tests find it: which alerts are looked up, not what they say.
   * @param series values a minute, as promtool writes them
   */
  async isFiring(series: Readonly<Record<string, string>>, alert: string, minute: number): Promise<boolean> {
    const file = path.join(this.#folder, `${alert}-${minute}.test.json`);
    const count = `count(ALERTS{alertname="${alert}", alertstate="firing"}) or vector(0)`;
    const tests = (value: number) => ({
      rule_files: ["rules.yaml"],
      evaluation_interval: "1m",
      tests: [
        {
          interval: "1m",
          input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
          promql_expr_test: [
            { expr: count, eval_time: `${minute}m`, exp_samples: [{ labels: "{}", value }] },
          ],
        },
      ],
    });
    const passes = async (value: number) => {
      writeFileSync(file, JSON.stringify(tests(value)));
      const ran = await run([promtool("3.16"), "test", "rules", file], { cwd: this.#folder });
      return { isSo: ran.code === 0, said: ran.stdout + ran.stderr };
    };
    if ((await passes(1)).isSo) return true;
    const not = await passes(0);
    if (!not.isSo) throw new Error(not.said);
    return false;
  }
}

const promtool = (version: string) => cachedProgram("prometheus", version, "promtool");
