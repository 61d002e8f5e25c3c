// npm run cache -- COMMAND: looks into the response cache of a running gateway.
import { readOptions } from "./read-options.mjs";

const usage = `npm run cache -- COMMAND

  stats                       entries, bytes, hits and savings
  list [--limit N] [--model M] [--tenant T]
  show KEY                    one entry with its answer
  why KEY                     the nearest other question, and where the two part
  delete KEY
  clear [--model M] [--tenant T] [--older-than SECONDS]

API_URL (default http://127.0.0.1:8000) names the gateway, ADMIN_KEY its key.
`;

const commands = {
  stats: { run: () => ask("GET", "/cache/stats") },
  list: { options: ["limit", "model", "tenant"], run: list },
  show: { wantsKey: true, run: ({ key }) => ask("GET", `/cache/entries/${key}`) },
  why: { wantsKey: true, run: ({ key }) => ask("GET", `/cache/entries/${key}/why`) },
  delete: { wantsKey: true, run: ({ key }) => ask("DELETE", `/cache/entries/${key}`) },
  clear: {
    options: ["model", "tenant", "older-than"],
    run: ({ model, tenant, "older-than": olderThan }) =>
      ask("DELETE", `/cache${query({ model, tenant, olderThan })}`),
  },
};
/** Longer than the gateway waits for the cache service. */
const timeoutMs = 60_000;
/** The cache service lists so many at once. */
const pageLimit = 1000;

const asked = readArguments();
const answer = await asked.command.run(asked.options);
console.log(answer === undefined ? "done" : JSON.stringify(answer, null, 2));

/** What a command does not know stops it: `clear` with a misspelt filter would delete everything. */
function readArguments() {
  const names = ["limit", "model", "tenant", "older-than"];
  const types = Object.fromEntries(names.map((name) => [name, { type: "string" }]));
  const { values, positionals } = readOptions({ allowPositionals: true, options: types }, usage);
  const [name, key, ...others] = positionals;
  const command = Object.hasOwn(commands, name ?? "") ? commands[name] : fail(usage);
  const isKnown = Object.keys(values).every((given) => command.options?.includes(given));
  if (!isKnown || others.length > 0 || (key !== undefined) !== (command.wantsKey ?? false)) fail(usage);
  // A path of dots would lead to another route: to that which clears everything.
  if (key !== undefined && !/^[0-9a-f]{64}$/i.test(key)) fail("KEY must be 64 hexadecimal digits");
  return { command, options: { ...values, key } };
}

async function list({ limit = "50", model, tenant }) {
  if (!/^[1-9]\d*$/.test(limit)) fail(`--limit must be a whole number, at least 1\n\n${usage}`);
  const entries = [];
  for (let cursor; entries.length < Number(limit);) {
    const rest = String(Math.min(Number(limit) - entries.length, pageLimit));
    const page = await ask("GET", `/cache/entries${query({ model, tenant, limit: rest, cursor })}`);
    entries.push(...page.data);
    if (!page.next_cursor) break;
    cursor = page.next_cursor;
  }
  return entries;
}

async function ask(method, path) {
  const headers = process.env.ADMIN_KEY ? { "x-api-key": process.env.ADMIN_KEY } : {};
  const base = process.env.API_URL || "http://127.0.0.1:8000";
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await fetch(base.replace(/\/+$/, "") + path, { method, headers, signal }).catch((error) =>
    fail(
      `The gateway at ${base} does not answer: ${error.cause?.code ?? error.cause?.message ?? error.message}`,
    ),
  );
  const body = readJson(await response.text());
  if (!response.ok) fail(body?.error?.message ?? `The gateway answers with status ${response.status}`);
  return body;
}

function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function query(fields) {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
