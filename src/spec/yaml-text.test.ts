import { expect, it } from "vitest";
import { yamlText } from "./yaml-text.ts";

it("quotes what a parser of YAML 1.1 would take for something else", () => {
  const words = ["on", "No", "y", "~", "0123", "1:30", "1e3", "0x1f", "2001-01-01", "1_000"];
  expect(yamlText(words)).toBe(words.map((word) => `- "${word}"\n`).join(""));
});

it("neither folds lines nor uses anchors", () => {
  const long = { expr: `${"a + ".repeat(100)}b` };
  expect(yamlText({ a: long, b: long })).toBe(`a:\n  expr: ${long.expr}\nb:\n  expr: ${long.expr}\n`);
});

it("keeps a multi-line expression readable", () => {
  expect(yamlText({ expr: "sum(\n  a\n)\n" })).toBe("expr: |\n  sum(\n    a\n  )\n");
});

it("escapes what Prometheus' parser takes for a line break, or nobody sees", () => {
  expect(
    yamlText({ a: "x\u0085y", b: "\u2028", c: "\ufeffz", d: " lead\nx", e: "tab\there\nx", f: "\r" }),
  ).toBe('a: "x\\u0085y"\nb: "\\u2028"\nc: "\\ufeffz"\nd: " lead\\nx"\ne: "tab\\there\\nx"\nf: "\\r"\n');
});
