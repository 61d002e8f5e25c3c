// npm run cache -- COMMAND: looks into the response cache of a running gateway.
import { parseArgs } from "node:util";

const usage = `npm run cache -- COMMAND

  stats                       entries, bytes, hits and savings
  list [--limit N] [--model M] [--tenant T]
  show KEY                    one entry with its answer
  why KEY                     the nearest other question, and where the two part
  delete KEY
  clear [--model M] [--tenant T] [--older-than SECONDS]

API_URL (default http://127.0.0.1:8000) names the gateway, ADMIN_KEY its key.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    limit: { type: "string" },
    model: { type: "string" },
    tenant: { type: "string" },
    "older-than": { type: "string" },
  },
});
const [command, key] = positionals;
const filter = {
  limit: values.limit,
  model: values.model,
  tenant: values.tenant,
  olderThan: values["older-than"],
};

const commands = {
  stats: () => ask("GET", "/cache/stats"),
  list,
  show: () => ask("GET", `/cache/entries/${wanted(key)}`),
  why: () => ask("GET", `/cache/entries/${wanted(key)}/why`),
  delete: () => ask("DELETE", `/cache/entries/${wanted(key)}`),
  clear: () => ask("DELETE", `/cache${query(filter)}`),
};

if (!Object.hasOwn(commands, command ?? "")) fail(usage);
const answer = await commands[command]();
console.log(answer === undefined ? "done" : JSON.stringify(answer, null, 2));

async function list() {
  const data = [];
  const limit = Number(values.limit ?? 50);
  for (let cursor; data.length < limit;) {
    const page = await ask(
      "GET",
      `/cache/entries${query({ ...filter, limit: String(limit - data.length), cursor })}`,
    );
    data.push(...page.data);
    cursor = page.next_cursor;
    if (!cursor) break;
  }
  return data;
}

async function ask(method, path) {
  const headers = process.env.ADMIN_KEY ? { "x-api-key": process.env.ADMIN_KEY } : {};
  const url = new URL(path, process.env.API_URL ?? "http://127.0.0.1:8000");
  const response = await fetch(url, { method, headers }).catch((error) =>
    fail(`The gateway at ${url.origin} does not answer: ${error.cause?.code ?? error.message}`),
  );
  const text = await response.text();
  if (!response.ok) fail(JSON.parse(text).error?.message ?? text);
  return text === "" ? undefined : JSON.parse(text);
}

function query(fields) {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}

function wanted(text) {
  return text === undefined ? fail(usage) : encodeURIComponent(text);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
