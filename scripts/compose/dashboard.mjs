import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../root.mjs";

const path = join(root, "docker/grafana/dashboards/llm-selfhost.json");

/** Every expression of the dashboard, as Grafana would ask it: `[{panel, expression}]`. */
export function readExpressions() {
  const { panels } = JSON.parse(readFileSync(path, "utf8"));
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      panel: title,
      expression: expr.replaceAll("$__rate_interval", "1m").replaceAll("$__range", "15m"),
    })),
  );
}
