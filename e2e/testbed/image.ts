/**
 * image.ts NAME:TAG OUT.tar ENTRYPOINT [--env NAME=VALUE…] SOURCE=DESTINATION…: an image from files of this machine, as a docker archive
 * that containerd imports. ENTRYPOINT is a JSON array. The same files give the same bytes; a pod that says nothing of users runs as nobody.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";

/** Who a container runs as where nobody says. */
const nobody = 65_534;
/** Of GNU tar: nothing of when and by whom it was made. */
const reproducible = [
  "--sort=name",
  "--mtime=@0",
  "--owner=0",
  "--group=0",
  "--numeric-owner",
  "--format=gnu",
] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { env: { type: "string", multiple: true, default: [] } },
});
const [name, out, entrypoint, ...files] = positionals;
if (name === undefined || out === undefined || entrypoint === undefined || files.length === 0) {
  console.error("usage: image.ts NAME:TAG OUT.tar ENTRYPOINT [--env NAME=VALUE…] SOURCE=DESTINATION…");
  process.exit(2);
}

function writeImage(tag: string, archive: string, entry: readonly string[], sources: readonly string[]) {
  // beside the archive: renaming is enough then
  const work = mkdtempSync(`${archive}.making-`);
  try {
    const root = path.join(work, "root");
    mkdirSync(path.join(root, "etc"), { recursive: true });
    mkdirSync(path.join(root, "tmp"), { mode: 0o777 });
    execFileSync("chmod", ["1777", path.join(root, "tmp")]);
    writeFileSync(
      path.join(root, "etc/passwd"),
      `root:x:0:0:root:/:/sbin/nologin\nnobody:x:${nobody}:${nobody}:nobody:/:/sbin/nologin\n`,
    );
    for (const each of sources) {
      const at = each.lastIndexOf("=");
      const target = path.join(root, each.slice(at + 1));
      mkdirSync(path.dirname(target), { recursive: true });
      cpSync(each.slice(0, at), target, { recursive: true, dereference: true });
    }
    const image = path.join(work, "image");
    mkdirSync(image);
    const layer = path.join(image, "layer.tar");
    tar(layer, root, ["."]);
    const config = JSON.stringify({
      architecture: process.arch === "x64" ? "amd64" : process.arch,
      os: "linux",
      config: { Entrypoint: entry, User: String(nobody), Env: ["PATH=/usr/bin:/bin", ...values.env] },
      rootfs: { type: "layers", diff_ids: [`sha256:${digest(readFileSync(layer))}`] },
    });
    const configFile = `${digest(config)}.json`;
    writeFileSync(path.join(image, configFile), config);
    writeFileSync(
      path.join(image, "manifest.json"),
      JSON.stringify([{ Config: configFile, RepoTags: [`docker.io/${tag}`], Layers: ["layer.tar"] }]),
    );
    const whole = path.join(work, "whole.tar");
    tar(whole, image, ["manifest.json", configFile, "layer.tar"]);
    renameSync(whole, archive);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function tar(archive: string, folder: string, names: readonly string[]): void {
  execFileSync("tar", [...reproducible, "-cf", archive, "-C", folder, ...names]);
}

function digest(content: Buffer | string): string {
  return createHash("sha256").update(content).digest("hex");
}

writeImage(name, path.resolve(out), z.array(z.string()).parse(JSON.parse(entrypoint)), files);
