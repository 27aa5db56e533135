/**
 * Loads every module that a process of the fleet may need, so that the compiled form of the sources is in the cache that bin/promfleet
 * uses: the first start of everything is then as quick, and as small, as the next ones.
 */
import { globSync } from "node:fs";
import path from "node:path";

const sources = path.resolve(import.meta.dirname, "../src");
const entry = path.join("cli", "main.ts");
const files = globSync("**/*.ts", { cwd: sources }).filter(
  (file) => !file.endsWith(".test.ts") && !file.endsWith(".d.ts") && file !== entry,
);
for (const file of files) await import(path.join(sources, file));
