import { expect, test } from "vitest";
import { parse } from "../../promql/parse.ts";
import { dashboardExpressions, gatewayDashboard } from "./gateway-dashboard.ts";

test("every expression of the dashboard is PromQL that is understood as a whole", () => {
  const expressions = dashboardExpressions();
  expect(expressions.length).toBeGreaterThan(40);
  for (const { panel, expr } of expressions) {
    const asked = expr.replaceAll("$__rate_interval", "1m").replaceAll("$instance", ".*");
    expect(parse(asked), `${panel}: ${asked}`).toBeDefined();
    expect(asked).not.toContain("$");
  }
});

test("panels lie side by side, none upon another, and all ask the chosen data source", () => {
  const { panels } = JSON.parse(gatewayDashboard()) as {
    panels: {
      id: number;
      type: string;
      gridPos: Record<"x" | "y" | "w" | "h", number>;
      datasource?: { uid: string };
    }[];
  };
  const taken = new Set<string>();
  const asking = panels.filter(({ type }) => type !== "row");
  expect(new Set(asking.map(({ datasource }) => datasource?.uid))).toEqual(new Set(["${datasource}"]));
  for (const { gridPos } of panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(taken.has(`${x} ${y}`)).toBe(false);
        taken.add(`${x} ${y}`);
      }
  }
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
});
