import { check, checkEqual } from "../client.mjs";

export const operation = {
  "answers health probes": async (client) => {
    for (const path of ["/health/live", "/health/ready"]) {
      const { status } = await client.get(path);
      checkEqual(status, 200, path);
    }
  },
  "gives Prometheus its hit ratio and latencies": async (client) => {
    const { text } = await client.get("/metrics");
    check(/^\w*cache\w*hit\w* /m.test(text) || /^\w*cache_hit_ratio /m.test(text), "no hit ratio");
    check(/^\w*duration_seconds_bucket/m.test(text), "no latency histogram");
  },
  "tells Claude Code its settings": async (client) => {
    const { text } = await client.get("/claude-code/env");
    check(text.includes("ANTHROPIC_BASE_URL="), text.slice(0, 100));
  },
  "lets no web page ask through its visitor's browser": async (client) => {
    const headers = { origin: "https://page.example" };
    const { status, headers: answered } = await client.post(client.ask(), { headers, key: "" });
    check(
      status === 403 ||
        (status === 200 && client.target.key !== "" && !answered.get("access-control-allow-origin")),
      `status ${status}`,
    );
  },
};
