/** How a run of checks is going: what was measured, what was claimed, and how many claims held. */
export class Report {
  passed = 0;
  failed = 0;
  skipped = 0;
  /** What failed, for the end of a long run. */
  readonly failures: string[] = [];
  readonly #write: (line: string) => void;
  #check = "";

  constructor(write: (line: string) => void = (line) => console.log(line)) {
    this.#write = write;
  }

  /** Says which check the following lines belong to. */
  begin(check: string): void {
    this.#check = check;
    this.#write(`\n${check}`);
  }

  /** A measurement without a bound. */
  figure(name: string, value: string | number): void {
    this.#write(`       ${name}: ${value}`);
  }

  /** A claim that held or did not. The detail is its figure, or why it failed. */
  claim(what: string, holds: boolean, detail: string | number = ""): boolean {
    const text = detail === "" ? what : `${what}: ${detail}`;
    if (holds) this.passed++;
    else {
      this.failed++;
      this.failures.push(`${this.#check}: ${text}`);
    }
    this.#write(`${holds ? "  ok   " : "  FAIL "}${text}`);
    return holds;
  }

  /** A claim that could not be looked at here, and why. */
  skip(what: string, why: string): void {
    this.skipped++;
    this.#write(`  skip ${what}: ${why}`);
  }

  /** Adds the counts of another test runner. */
  add(counts: { passed: number; failed: number; skipped: number }): void {
    this.passed += counts.passed;
    this.failed += counts.failed;
    this.skipped += counts.skipped;
  }

  /** What failed, then the last line: `N passed, N failed, N skipped`. Returns the exit code. */
  end(): number {
    for (const failure of this.failures) this.#write(`failed: ${failure}`);
    this.#write(`${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`);
    return this.failed === 0 ? 0 : 1;
  }
}
