import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { until } from "../../e2e/harness/until.ts";
import { Workplace } from "../../e2e/harness/workplace.ts";
import { TopologyFollower, readTopology } from "./topology-follower.ts";

const workplace = new Workplace("topology-follower");
afterAll(async () => await workplace[Symbol.asyncDispose]());

let folders = 0;
const text = (...ids: string[]) =>
  JSON.stringify({
    shards: ids.map((id) => ({ id, replicas: [{ name: "a", url: `http://127.0.0.1:1/${id}` }] })),
  });

/** Follows topology.json in a folder of its own. */
async function follow(prepare: (folder: string) => Promise<void>) {
  const folder = workplace.path(String(++folders));
  await mkdir(folder);
  await prepare(folder);
  const file = `${folder}/topology.json`;
  const seen: string[] = [];
  const said: string[] = [];
  const follower = new TopologyFollower(
    file,
    await readTopology(file),
    ({ shards }) => seen.push(shards.map(({ id }) => id).join()),
    (sentence) => said.push(sentence),
  );
  onTestFinished(() => follower.stop());
  return { folder, file, seen, said, follower };
}

const plainly = async (folder: string) => await writeFile(`${folder}/topology.json`, text("0"));

test("follows a file that is replaced by rename", async () => {
  const { folder, file, seen } = await follow(plainly);
  await writeFile(`${folder}/new`, text("0", "1"));
  await rename(`${folder}/new`, file);
  await until("the topology is followed", 5000, () => seen.length > 0);
  expect(seen).toEqual(["0,1"]);
});

test("follows a link that is turned to another folder, as a ConfigMap's is", async () => {
  const { folder, seen } = await follow(async (inside) => {
    await mkdir(`${inside}/v1`);
    await mkdir(`${inside}/v2`);
    await writeFile(`${inside}/v1/topology.json`, text("0"));
    await writeFile(`${inside}/v2/topology.json`, text("7"));
    await symlink("v1", `${inside}/..data`);
    await symlink("..data/topology.json", `${inside}/topology.json`);
  });
  await symlink("v2", `${folder}/..data_tmp`);
  await rename(`${folder}/..data_tmp`, `${folder}/..data`);
  await until("the topology is followed", 5000, () => seen.length > 0);
  expect(seen).toEqual(["7"]);
});

test("keeps to the last good one while the file is broken, gone, or a folder, and says so once", async () => {
  const { file, seen, said, follower } = await follow(plainly);
  await writeFile(file, '{"shards": [');
  await until("the broken file is seen", 5000, () => follower.objection);
  expect(follower.objection).toContain("INPUT_SYNTAX");
  await rm(file);
  await until("the absence is seen", 5000, () => follower.objection?.includes("FILE_ABSENT"));
  await mkdir(file);
  await until("the folder is seen", 5000, () => follower.objection?.includes("FILE_UNREADABLE"));
  expect(seen).toEqual([]);
  expect(said).toHaveLength(3);
  await rm(file, { recursive: true });
  await writeFile(file, text("0"));
  await until("it is right again", 5000, () => follower.objection === undefined);
  // it is what was followed all the time
  expect(seen).toEqual([]);
  await writeFile(file, text("1"));
  await until("the topology is followed", 5000, () => seen.length > 0);
  expect(seen).toEqual(["1"]);
});

test("says what is wrong with a file that is not there", async () => {
  await expect(readTopology(workplace.path("nothing.json"))).rejects.toThrow("FILE_ABSENT");
  await expect(readTopology(workplace.folder)).rejects.toThrow("FILE_UNREADABLE");
});
