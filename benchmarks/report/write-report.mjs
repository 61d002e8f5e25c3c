import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toMarkdown } from "./to-markdown.mjs";

/** Writes the report as Markdown and JSON. @returns the Markdown and where both are */
export function writeReport(report) {
  const folder = join(import.meta.dirname, "..", "results");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, report.machine.startedAt.replaceAll(/[:.]/g, "-"));
  const markdown = toMarkdown(report);
  writeFileSync(`${path}.md`, markdown);
  writeFileSync(`${path}.json`, `${JSON.stringify(report, null, 2)}\n`);
  return { markdown, path };
}
