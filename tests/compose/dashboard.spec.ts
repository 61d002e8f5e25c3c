import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseMetrics } from "../support/parse-metrics.js";
import { type Stack, question, startStack, untilStored } from "../support/stack.js";

const read = (file: string) => readFileSync(new URL(`../../docker/${file}`, import.meta.url), "utf8");

interface Target {
  expr: string;
  refId: string;
  datasource: { uid: string };
}
interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: Target[];
}
const dashboard = JSON.parse(read("grafana/dashboards/llm-selfhost.json")) as {
  uid: string;
  panels: Panel[];
};
const { panels } = dashboard;
const rules = (
  parse(read("prometheus/rules.yml")) as { groups: { rules: { record?: string; expr: string }[] }[] }
).groups.flatMap((group) => group.rules);

describe("the dashboard", () => {
  it("asks the data source that is provisioned", () => {
    const { datasources } = parse(read("grafana/provisioning/datasources/prometheus.yml")) as {
      datasources: { uid: string }[];
    };
    const asked = new Set(
      panels.flatMap(({ targets = [] }) => targets.map(({ datasource }) => datasource.uid)),
    );
    expect([...asked]).toEqual(datasources.map(({ uid }) => uid));
  });

  it("has ids once, targets by letters, and a word about every panel", () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { type, description, targets = [] } of panels.filter((panel) => panel.type !== "row")) {
      expect(["stat", "timeseries"]).toContain(type);
      expect(description).toMatch(/.{10,}\.$/);
      expect(targets.map(({ refId }) => refId)).toEqual(["A", "B", "C", "D"].slice(0, targets.length));
      expect(targets.length).toBeGreaterThan(0);
    }
  });

  it("lays no panel over another", () => {
    const cells = panels.flatMap(({ title, gridPos: { x, y, w, h } }) => {
      expect(x + w, title).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
  });
});

describe("the expressions of dashboard and rules", () => {
  it("divide by nothing that is 0 without traffic, which would be shown as NaN", () => {
    const expressions = [...panels.flatMap(({ targets = [] }) => targets), ...rules].map(({ expr }) => expr);
    const guarded = /\/\s*(\(sum[^/]*> 0\)|[\de]+)/g;
    expect(expressions.filter((expr) => expr.replaceAll(guarded, "").includes("/"))).toEqual([]);
  });
});

describe("the metrics that dashboard and rules ask for", () => {
  let stack: Stack;
  let names: Set<string | undefined>;
  beforeAll(async () => {
    stack = await startStack();
    const asked = question({ stream: true });
    const response = await stack.post(asked);
    await response.text();
    await untilStored(stack, response);
    await (await stack.post(asked)).text();
    const page = parseMetrics(await (await fetch(`${stack.url}/metrics/all`)).text());
    names = new Set([...page.keys()].map((sample) => sample.split("{")[0]));
  });
  afterAll(() => stack.close());

  it.each([
    ["dashboard", panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))],
    ["rules", rules.map(({ expr }) => expr)],
  ])("exist: %s", (_, expressions) => {
    const asked = new Set(
      expressions.flatMap((expr) => expr.match(/\b(?:llm|gen_ai|process)[a-z_]*_[a-z_]+/g) ?? []),
    );
    expect(asked.size).toBeGreaterThan(5);
    const recorded = expressions.flatMap((expr) => expr.match(/\bllm:[\w:]+/g) ?? []);
    expect([...asked].filter((name) => !names.has(name))).toEqual([]);
    expect(recorded.filter((name) => !rules.some(({ record }) => record === name))).toEqual([]);
  });

  it("are explained in docs/monitoring.md, all that there are", () => {
    const documented = readFileSync(new URL("../../docs/monitoring.md", import.meta.url), "utf8");
    const bases = [...names].map((name = "") => name.replace(/_(bucket|sum|count)$/, ""));
    const ours = new Set(bases.filter((name) => /^(llm|gen_ai)_/.test(name)));
    expect(ours.size).toBeGreaterThan(25);
    expect([...ours].filter((name) => !documented.includes(`\`${name}\``))).toEqual([]);
  });
});
