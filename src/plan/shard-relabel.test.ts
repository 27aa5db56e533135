import { describe, expect, it } from "vitest";
import { shardRelabelling, slotOfTarget } from "./shard-relabel.ts";
import { hashmod } from "./slots.ts";

const plain = { onEveryShard: false, shardKey: undefined };

describe("shardRelabelling", () => {
  it("hashes instance where set, else the address, and keeps the shard's slots", () => {
    expect(shardRelabelling(plain, [[0, 511]])).toEqual([
      { source_labels: ["__address__"], regex: "(?s)(.*)", target_label: "__tmp_promfleet_key" },
      { source_labels: ["instance"], regex: "(?s)(.+)", target_label: "__tmp_promfleet_key" },
      {
        source_labels: ["__tmp_promfleet_key"],
        modulus: 1024,
        target_label: "__tmp_promfleet_slot",
        action: "hashmod",
      },
      {
        source_labels: ["__tmp_promfleet_slot"],
        regex: "[0-9]|[1-9][0-9]|[1-4][0-9]{2}|50[0-9]|51[01]",
        action: "keep",
      },
    ]);
  });

  it("hashes a job's own shard key", () => {
    const [hash] = shardRelabelling({ ...plain, shardKey: ["tenant", "app"] }, [[0, 1]]);
    expect(hash).toMatchObject({ action: "hashmod", source_labels: ["tenant", "app"] });
  });

  it("adds nothing where the shard has every target", () => {
    expect(shardRelabelling(plain, [[0, 1023]])).toEqual([]);
    expect(shardRelabelling({ ...plain, onEveryShard: true }, [[0, 1]])).toEqual([]);
  });

  it("keeps nothing on a shard without slots", () => {
    expect(shardRelabelling(plain, []).at(-1)).toMatchObject({ regex: "none", action: "keep" });
  });
});

describe("slotOfTarget", () => {
  it("follows the same key", () => {
    expect(slotOfTarget(plain, { __address__: "a:1" })).toBe(hashmod("a:1", 1024));
    expect(slotOfTarget(plain, { __address__: "a:1", instance: "b" })).toBe(hashmod("b", 1024));
    expect(slotOfTarget(plain, { __address__: "a:1", instance: "" })).toBe(hashmod("a:1", 1024));
    expect(slotOfTarget({ ...plain, shardKey: ["x", "y"] }, { y: "2" })).toBe(hashmod(";2", 1024));
  });
});
