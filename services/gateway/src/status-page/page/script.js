// Asks the gateway every few seconds and shows what it says. Everything is set as text, never as markup.
const intervalMs = 3000;
// Longer than the gateway waits for services that take a question and say nothing.
const patienceMs = 30_000;
const shownRequests = 50;
const priceNames = ["gpuHour", "cloudInput", "cloudOutput"];

const element = (id) => document.getElementById(id);
const calculator = element("calculator");
let last;
let adminKey = "";

showCommands();
for (const button of document.querySelectorAll("[data-copies]"))
  button.addEventListener("click", () => void copy(button.dataset.copies));
calculator.addEventListener("input", () => {
  remember();
  showMoney();
});
calculator.addEventListener("submit", (event) => event.preventDefault());
element("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  adminKey = element("key").value;
  void showRequests();
});
void refreshForever();

async function refreshForever() {
  for (;;) {
    if (!document.hidden) await refresh();
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}

async function refresh() {
  try {
    last = await ask("/status");
  } catch {
    return setState("The gateway does not answer", "bad");
  }
  showState(last);
  showModel(last.model);
  showFigures(last);
  showComponents(last.components);
  showCommands(last);
  fillPrices(last.prices);
  showMoney();
  await showRequests();
}

async function ask(path, headers = {}) {
  const answer = await fetch(path, { headers, signal: AbortSignal.timeout(patienceMs) });
  if (!answer.ok) throw Object.assign(new Error(`status ${answer.status}`), { status: answer.status });
  return answer.json();
}

function showState({ components, model, version, up_seconds: seconds }) {
  const down = components.filter(({ isUp }) => !isUp).map(({ name }) => name);
  if (model.state !== "ready" && model.state !== "unknown") setState(`Model: ${model.state}`, "busy");
  else if (down.length > 0) setState(`Not well: ${down.join(", ")}`, "bad");
  else setState("Ready", "good");
  setText("about", `version ${version}, up for ${toDuration(seconds)}`);
}

/** A screen reader is told of changes only. */
function setState(text, kind) {
  const state = element("state");
  if (state.textContent !== text) state.textContent = text;
  state.className = kind;
}

function showModel({ name, state, context_length: length }) {
  setText("model-name", name);
  setText("model-state", state);
  setText("model-window", length === null ? "–" : `${toCount(length)} tokens`);
  const percent = /^pulling (\d+)/.exec(state)?.[1];
  element("pull").hidden = percent === undefined;
  if (percent === undefined) return;
  setText("pull-label", `Pulling ${name}: ${percent} %`);
  element("pull-progress").value = Number(percent);
}

function showFigures({
  totals,
  latency_ms: latency,
  first_token_ms: first,
  tokens_per_second: speed,
  queue,
}) {
  const { hit_ratio: ratio, requests } = totals;
  setText("hit-ratio", ratio === null ? "–" : `${(ratio * 100).toFixed(1)} %`);
  const counts = Object.entries(requests).filter(([, count]) => count > 0);
  setText("hit-counts", counts.map(([result, count]) => `${toCount(count)} ${result}`).join(", "));
  showSpread("latency-hit", latency.hit);
  showSpread("latency-miss", latency.miss);
  showSpread("first-token", first.miss);
  setText("speed", speed === null ? "–" : speed.toFixed(1));
  setText("queue", queue.depth === null ? "–" : `${queue.depth} waiting`);
  setText("in-flight", queue.in_flight === null ? "" : `${queue.in_flight} being generated`);
}

function showSpread(id, spread) {
  setText(id, spread ? toSeconds(spread.p50) : "–");
  setText(`${id}-note`, spread ? `95 % within ${toSeconds(spread.p95)}, of the last ${spread.count}` : "");
}

function showComponents(components) {
  const items = components.map(({ name, isUp, state, latency_ms: ms, message }) => {
    const item = document.createElement("li");
    const mark = document.createElement("strong");
    mark.textContent = isUp ? "✓ up" : "✗ not well";
    mark.className = isUp ? "good" : "bad";
    const details = [state, ms === null ? null : `${ms} ms`, message].filter((text) => text && text !== "ok");
    item.append(`${name}: `, mark, details.length > 0 ? ` (${details.join(", ")})` : "");
    return item;
  });
  element("components").replaceChildren(...items);
}

async function showRequests() {
  let records = [];
  try {
    ({ data: records } = await ask("/status/requests", adminKey ? { "x-api-key": adminKey } : {}));
    element("key-form").hidden = true;
  } catch (error) {
    element("key-form").hidden = error.status !== 401;
    setText("no-requests", error.status === 403 ? "Set ADMIN_KEY to see them." : "Not shown.");
  }
  element("no-requests").hidden = records.length > 0;
  element("requests").replaceChildren(...records.slice(0, shownRequests).map(toRow));
}

function toRow(record) {
  const row = document.createElement("tr");
  const result = record.error ?? record.result;
  const number = (value) => (value === null ? "–" : toCount(value));
  const cells = [
    [new Date(record.at).toLocaleTimeString()],
    [result, record.error ? "bad" : ""],
    [record.model ?? "–"],
    [toSeconds(record.ms), "number"],
    [record.first_token_ms === null ? "–" : toSeconds(record.first_token_ms), "number"],
    [number(record.input_tokens), "number"],
    [number(record.output_tokens), "number"],
  ];
  for (const [text, kind = ""] of cells) {
    const cell = document.createElement("td");
    cell.textContent = text;
    cell.className = kind;
    row.append(cell);
  }
  return row;
}

/** The gateway's prices, unless the visitor has set others. */
function fillPrices({ gpu_hour: gpuHour, cloud_input: cloudInput, cloud_output: cloudOutput }) {
  const given = { gpuHour, cloudInput, cloudOutput };
  const own = remembered();
  for (const name of priceNames) {
    const input = calculator.elements[name];
    if (input.value === "" && document.activeElement !== input) input.value = own[name] ?? given[name];
  }
}

function remembered() {
  try {
    return JSON.parse(localStorage.getItem("prices") ?? "{}");
  } catch {
    return {};
  }
}

function remember() {
  const prices = Object.fromEntries(priceNames.map((name) => [name, calculator.elements[name].value]));
  try {
    localStorage.setItem("prices", JSON.stringify(prices));
  } catch {
    // A browser that keeps nothing: the prices hold until the page is closed.
  }
}

function showMoney() {
  if (!last) return;
  const numbers = Object.fromEntries(
    [...new FormData(calculator)].map(([name, value]) => [name, Number(value)]),
  );
  showSavings(last, numbers);
  const month = calculateMonth(numbers);
  const better = month.cloud > month.gpu ? "less" : "more";
  setText(
    "month",
    `${toMoney(month.gpu)} for the GPU, ${toMoney(month.cloud)} for the same tokens at the cloud’s price: ` +
      `${toMoney(Math.abs(month.cloud - month.gpu))} ${better} a month.\n` +
      `Of ${toCount(month.requests)} requests, ${toCount(month.hits)} cost the GPU nothing.`,
  );
}

function showSavings({ totals, up_seconds: seconds }, { gpuHour, cloudInput, cloudOutput }) {
  const { cache, model } = totals.tokens;
  setText("saved-tokens", toCount(cache.input + cache.output));
  setText("saved-gpu", toDuration(totals.saved_gpu_seconds));
  setText("saved-gpu-money", `${toMoney((totals.saved_gpu_seconds / 3600) * gpuHour)} of GPU time`);
  const read = cache.input + model.input;
  const written = cache.output + model.output;
  setText("cloud-cost", toMoney((read * cloudInput + written * cloudOutput) / 1e6));
  setText("gpu-cost", `${toMoney((seconds / 3600) * gpuHour)} for the GPU in the same time`);
}

/** A month of 30 days. What the cloud would bill is all tokens: it has no such cache. */
function calculateMonth(numbers) {
  const requests = numbers.requestsPerDay * 30;
  const perRequest =
    (numbers.inputTokens * numbers.cloudInput + numbers.outputTokens * numbers.cloudOutput) / 1e6;
  return {
    gpu: numbers.hoursPerDay * 30 * numbers.gpuHour,
    cloud: requests * perRequest,
    requests,
    hits: Math.round((requests * numbers.hitPercent) / 100),
  };
}

/** Without a status: the usual port, and no key. */
function showCommands({ api_port: remotePort = 8000, needs_key: needsKey = false } = {}) {
  const { host, port, origin } = location;
  const keyLine = needsKey ? "export ANTHROPIC_AUTH_TOKEN=<your key>; " : "";
  setText("command-tunnel", `ssh -N -L ${port || "8000"}:localhost:${remotePort} root@your-gpu-host`);
  setText(
    "command-claude",
    `${keyLine}eval "$(curl -sS ${origin || `http://${host}`}/claude-code/env || echo false)" && claude`,
  );
  setText(
    "command-launcher",
    `./claude_start.sh --ssh root@your-gpu-host -p 22${remotePort === 8000 ? "" : ` --remote-port ${remotePort}`}`,
  );
}

async function copy(id) {
  const text = element(id).textContent;
  try {
    await navigator.clipboard.writeText(text);
    setText("copied", "Copied.");
  } catch {
    getSelection().selectAllChildren(element(id));
    setText("copied", "Selected: copy it with the keyboard.");
  }
}

function setText(id, text) {
  const target = element(id);
  if (target.textContent !== text) target.textContent = text;
}

function toCount(value) {
  return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

function toMoney(value) {
  return value.toLocaleString("en-US", { style: "currency", currency: "USD" });
}

function toSeconds(ms) {
  return ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function toDuration(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86_400).toFixed(1)} days`;
}
