/** Makes dist/: the sources as one bundle for Node 24, and a first file that even an old Node can read. */
import { build } from "esbuild";
import { chmod, copyFile, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");
const dist = path.join(root, "dist");
const { dependencies } = JSON.parse(await readFile(path.join(root, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
};

/** Old JavaScript on purpose: it has to run where the bundle cannot. */
const launcher = `#!/usr/bin/env node
if (Number(process.versions.node.split(".")[0]) < 24) {
  console.error(
    "promfleet: Node 24 or later is needed, this is " + process.versions.node +
    '\\n  Run it as: npx -y -p node@24 -p promfleet promfleet'
  );
  process.exit(78);
} else {
  import("node:module").then(function (module) {
    if (module.enableCompileCache) module.enableCompileCache();
    return import("./main.js");
  });
}
`;

await rm(dist, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { main: "src/cli/main.ts" },
  outdir: dist,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  external: Object.keys(dependencies),
  legalComments: "linked",
  // Bundled CommonJS modules ask for Node's own by require.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  logLevel: "warning",
});
await writeFile(path.join(dist, "promfleet.js"), launcher);
// the first line of every fleet.yaml leads editors to it
for (const schema of ["fleet.schema.json", "topology.schema.json"])
  await copyFile(path.join(root, "docs/reference", schema), path.join(dist, schema));
await chmod(path.join(dist, "promfleet.js"), 0o755);
