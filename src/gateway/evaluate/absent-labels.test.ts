import { expect, test } from "vitest";
import { parse } from "../../promql/parse.ts";
import { withStoredAbsentLabels } from "./absent-labels.ts";
import { sharedPositions } from "./annotation-positions.ts";

function evaluated(query: string): string | undefined {
  const expression = parse(query);
  return expression && withStoredAbsentLabels(query, expression)?.text;
}

test.each([
  ['absent(up{job!="edge",job="api"})', 'absent(up{job="api",job!="edge",job="api"})'],
  [
    'absent_over_time(up{ job!~"e.+", job="api" }[5m])',
    'absent_over_time(up{job="api", job!~"e.+", job="api" }[5m])',
  ],
  [
    'absent(a{x!="1",x="2"} offset 1m) or b{x!="1",x="2"} or absent({y!="1",__name__="c",y="\\""})',
    'absent(a{x="2",x!="1",x="2"} offset 1m) or b{x!="1",x="2"} or absent({y="\\"",y!="1",__name__="c",y="\\""})',
  ],
])("%s is evaluated as %s", (query, text) => {
  expect(evaluated(query)).toBe(text);
});

test.each([
  'absent(up{job="api",job!="edge"})',
  'absent(up{job=~"a.*",job="api"})',
  'absent(up{job!="",job="api"})',
  'absent(up{job!~".*",job="api"})',
  'absent(up{job!="edge",code="200"})',
  'absent(sum(up{job!="edge",job="api"}))',
  'absent(up{job="a",job!="b",job="c"})',
  'up{job!="edge",job="api"}',
])("%s stays as it is", (query) => {
  expect(evaluated(query)).toBeUndefined();
});

test("positions of what stands behind are those of the user's text", () => {
  const query = 'absent(up{job!="edge",job="api"}) + x';
  const expression = parse(query);
  const made = expression && withStoredAbsentLabels(query, expression);
  expect(made).toBeDefined();
  if (!made) return;
  const moved = sharedPositions(query, made.text, made.shared);
  expect(moved(`PromQL info: something (1:${made.text.lastIndexOf("x") + 1})`)).toBe(
    `PromQL info: something (1:${query.lastIndexOf("x") + 1})`,
  );
});
