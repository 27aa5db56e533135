import { defineConfig } from "vitest/config";

const timed = ["src/**/*.timed.test.ts"];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000, interval: 25 } },
    projects: [
      {
        extends: true,
        test: {
          name: "usual",
          include: ["src/**/*.test.ts", "e2e/**/*.test.ts"],
          exclude: timed,
          // Real programs are started: leave them room on two cores.
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        // What is done within a second when nothing else is going on: afterwards, one file at a time.
        test: { name: "timed", include: timed, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
