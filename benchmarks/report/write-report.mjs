import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toCharts } from "./charts.mjs";
import { judge } from "./goals.mjs";
import { toMarkdown } from "./to-markdown.mjs";

/** Writes the report as Markdown and JSON, and its charts as SVG. @returns the Markdown and where all of it is */
export function writeReport(report) {
  const name = report.machine.startedAt.replaceAll(/[:.]/g, "-");
  const folder = join(import.meta.dirname, "..", "results", name);
  mkdirSync(folder, { recursive: true });
  const charts = toCharts(report).map(({ name: chart, title, svg }) => {
    const file = `${chart}.svg`;
    writeFileSync(join(folder, file), svg);
    return { title, file };
  });
  const markdown = toMarkdown(report, charts);
  writeFileSync(join(folder, "report.md"), markdown);
  const complete = { ...report, goals: judge(report) };
  writeFileSync(join(folder, "report.json"), `${JSON.stringify(complete, null, 2)}\n`);
  return { markdown, folder };
}
