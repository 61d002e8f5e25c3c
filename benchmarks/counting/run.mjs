// `node benchmarks/counting/run.mjs [TOKENIZER.json]` after `npm run build`: how long it takes to read a vocabulary
// of 151,000 tokens and merges and what it holds, how late a stream's timer fires meanwhile, and how long bursts of
// counts take. TOKENIZER.json is a Hugging Face tokenizer of a real model; without one the vocabulary is invented.
import { setTimeout as delay } from "node:timers/promises";
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { toCanonicalRequest } from "../../dist/libs/anthropic/src/canonical-request.js";
import { OllamaPromptSource } from "../../dist/services/inference-adapter/src/backends/ollama/ollama-prompt-source.js";
import { TokenCounter } from "../../dist/services/inference-adapter/src/tokens/token-counter.js";
import { largeBody } from "../requests/claude-code-body.mjs";
import { fromTokenizerJson, inventedVocabulary } from "./vocabularies.mjs";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");
const burst = 50;
const bursts = 8;

const path = process.argv[2];
const modelInfo = path ? fromTokenizerJson(JSON.parse(readFileSync(path, "utf8"))) : inventedVocabulary();
const show = new TextEncoder().encode(JSON.stringify({ model_info: modelInfo }));
const ollama = new OllamaPromptSource("http://127.0.0.1:9", 1000);
const counter = new TokenCounter(
  {
    toChatPrompt: (request, served) => ollama.toChatPrompt(request, served),
    readVocabulary: () => Promise.resolve(new Uint8Array(show)),
    canRender: () => Promise.resolve(true),
    render: ({ messages, tools }) => Promise.resolve(render(messages, tools)),
  },
  { vocabularyWaitMs: 60_000 },
);
const model = { name: "bench", digest: "bench", contextLength: 131_072, capabilities: new Set(["tools"]) };

const tokens = modelInfo["tokenizer.ggml.tokens"].length;
const merges = modelInfo["tokenizer.ggml.merges"].length;
console.log(`${path ?? "an invented vocabulary"}: ${tokens} tokens, ${merges} merges`);
await measureLoad();
await measureBursts();
await counter.close();

async function measureLoad() {
  await delay(200);
  collectGarbage();
  const before = process.memoryUsage().rss;
  let latest = 0;
  let last = performance.now();
  const stream = setInterval(() => {
    const now = performance.now();
    latest = Math.max(latest, now - last - 5);
    last = now;
  }, 5);
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  await counter.prepare(model);
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = cpuMs(cpuBefore) / 1000;
  clearInterval(stream);
  await delay(3000);
  collectGarbage();
  const heldMb = (process.memoryUsage().rss - before) / 1024 ** 2;
  console.log(
    `load: ${seconds.toFixed(2)} s (${cpu.toFixed(2)} s of CPU); a 5 ms timer was ${latest.toFixed(0)} ms late at most`,
  );
  console.log(`held: ${heldMb.toFixed(0)} MB more than before, the worker's own heap included`);
}

/** Each burst is one conversation's next step: what it shares with the one before is known by then. */
async function measureBursts() {
  for (let index = 0; index < bursts; index++) {
    const requests = Array.from({ length: burst }, (_, call) => nextRequest(index, call));
    const bytes = JSON.stringify(requests[0]).length;
    const cpuBefore = process.cpuUsage();
    const durations = await Promise.all(
      requests.map(async (request) => {
        const startedAt = performance.now();
        await counter.count(request, model);
        return performance.now() - startedAt;
      }),
    );
    durations.sort((one, other) => one - other);
    const [median, last] = [durations[burst / 2], durations.at(-1)];
    const each = last / burst;
    const cpu = cpuMs(cpuBefore) / burst;
    const kind = index === 0 ? "first" : "next";
    console.log(
      `${kind} burst of ${burst} calls of ${Math.round(bytes / 1000)} KB at once: ${last.toFixed(0)} ms in all, ` +
        `${each.toFixed(1)} ms a call (${cpu.toFixed(1)} ms of CPU), median answer after ${median.toFixed(0)} ms`,
    );
  }
}

function nextRequest(index, call) {
  const request = toCanonicalRequest({ ...largeBody(false), model: "bench" });
  request.messages.push({ role: "assistant", content: [{ type: "text", text: `Answer ${index}.` }] });
  request.messages.push({ role: "user", content: [{ type: "text", text: `Step ${index}, call ${call}.` }] });
  return request;
}

function render(messages, tools) {
  const parts = messages.map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`);
  return `${JSON.stringify(tools)}${parts.join("")}<|im_start|>assistant\n`;
}

/** Of all threads: on a machine that has other work too, the clock on the wall says little. */
function cpuMs(before) {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
