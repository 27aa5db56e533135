import { expect, it } from "vitest";
import { regexMistake } from "./re2-syntax.ts";

// What Go's regexp package makes of these, wrapped as Prometheus wraps them, was asked of Go itself.

it.each([
  "",
  "a|b|",
  "(?i)a(?-i:b)(?P<x>c)(?<y>d)",
  "a(?i)*",
  "a)|(b",
  "[]a-z[:alpha:]\\d-]+?",
  "[(?-[:foo:]",
  "[\\d-z]",
  "a{,5}{2,}",
  "\\Q**\\E\\x41\\x{1F600}\\07\\12",
  "\\pL\\p{Greek}\\PN",
  "\\ \\-\\_\\/\\\n",
  "^*",
])("takes %j", (pattern) => {
  expect(regexMistake(pattern)).toBeUndefined();
});

it.each([
  ["(", "a parenthesis is not closed (missing closing parenthesis)"],
  ["a)", "a closing parenthesis has no opening one"],
  ["[a-", "[a- is a class that is not closed (missing closing ])"],
  ["(?!a)", "(?! looks ahead or behind, which Prometheus' regular expressions cannot"],
  ["(?<=a)", "(?<= looks ahead or behind, which Prometheus' regular expressions cannot"],
  ["(?x)a", "(?x) is no group that Prometheus' regular expressions know"],
  ["(?P<a", "the name of a group does not end"],
  ["*", "* has nothing before it to repeat"],
  ["(+a)", "+ has nothing before it to repeat"],
  ["a**", "* repeats a repetition"],
  ["a{2,1}", "{2,1} counts backwards"],
  ["a{1001}", "{1001} counts further than 1000"],
  ["(.)\\1", "\\1 refers back to a group, which Prometheus' regular expressions cannot"],
  ["\\y", "\\y is no escape that Prometheus' regular expressions know"],
  ["a\\", "a backslash stands at the end"],
])("says what is wrong with %j", (pattern, mistake) => {
  expect(regexMistake(pattern)).toBe(mistake);
});
