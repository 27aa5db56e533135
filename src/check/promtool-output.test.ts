import { expect, it } from "vitest";
import { promtoolRemarks } from "./promtool-output.ts";

it("finds what is wrong with configurations", () => {
  const output = `Checking a.yml
 SUCCESS: a.yml is valid prometheus config file syntax

Checking b.yml
  FAILED: parsing YAML file b.yml: unknown relabel action "keepp"

Checking c.yml
  WARNING: file "/nope/x.json" for file_sd in scrape job "b" does not exist
  FAILED: parsing YAML file c.yml: yaml: unmarshal errors:
  line 3: cannot unmarshal !!int \`3\` into bool
  line 4: cannot unmarshal !!seq into string
`;
  expect(promtoolRemarks(output)).toEqual([
    { file: "b.yml", message: 'unknown relabel action "keepp"', line: undefined, rule: undefined },
    { file: "c.yml", message: "cannot unmarshal !!int `3` into bool", line: 3, rule: undefined },
    { file: "c.yml", message: "cannot unmarshal !!seq into string", line: 4, rule: undefined },
  ]);
});

it("finds what is wrong with rules, in the words of both majors", () => {
  const output = `Checking r1.yml
  FAILED:
r1.yml: unknown unit "x" in duration "5x"
r1.yml: unknown unit "x" in duration "5x"
Checking r2.yml
  FAILED:
     r2.yml: 5:15: group "g", rule 1, "a": could not parse expression: 1:5: parse error: unclosed left parenthesis
     r2.yml: group "g h", rule 3, "X": annotation "x": template: __alert_X:1: unclosed action
     r2.yml: 13:17: 12:16: group "g", rule 4, "X": only one of 'record' and 'alert' must be set
Checking r4.yml
  FAILED:
r4.yml: 0:0: groupname: "g" is repeated in the same file
`;
  expect(promtoolRemarks(output)).toEqual([
    { file: "r1.yml", message: 'unknown unit "x" in duration "5x"', line: undefined, rule: undefined },
    {
      file: "r2.yml",
      message: "could not parse expression: 1:5: parse error: unclosed left parenthesis",
      line: 5,
      rule: { group: "g", number: 1 },
    },
    {
      file: "r2.yml",
      message: 'annotation "x": template: __alert_X:1: unclosed action',
      line: undefined,
      rule: { group: "g h", number: 3 },
    },
    {
      file: "r2.yml",
      message: "only one of 'record' and 'alert' must be set",
      line: 13,
      rule: { group: "g", number: 4 },
    },
    {
      file: "r4.yml",
      message: 'groupname: "g" is repeated in the same file',
      line: undefined,
      rule: undefined,
    },
  ]);
});
