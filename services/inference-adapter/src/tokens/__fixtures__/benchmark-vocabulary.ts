// Loads a vocabulary as large as Qwen's and counts with it; prints times and memory.
// Run it on the built files: node --expose-gc benchmark-vocabulary.ts dist/services/inference-adapter/src/tokens
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { CountWorker as CountWorkerType } from "../count-worker.js";
import type { Tokenizer as TokenizerType } from "../tokenizer.js";

const folder = pathToFileURL(`${resolve(process.argv[2] ?? "")}/`);
const { CountWorker } = (await import(new URL("count-worker.js", folder).href)) as {
  CountWorker: typeof CountWorkerType;
};
const { Tokenizer } = (await import(new URL("tokenizer.js", folder).href)) as { Tokenizer: typeof TokenizerType };

function syntheticShow(size: number): Uint8Array<ArrayBuffer> {
  let seed = 42;
  const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const tokens = Array.from({ length: 512 }, (_, code) => String.fromCharCode(code + 0x21));
  const pool = [..."etaoinshrdlucmfwypvbgkqjxzĠETAOINSHR.,(){};:=_\"'/<>-0123456789"];
  const known = new Set(tokens);
  const merges: string[] = [];
  while (tokens.length < size) {
    const [left, right] = [0, 1].map(() => pool[Math.floor(random() ** 2 * pool.length)]!) as [string, string];
    if (known.has(left + right) || left.length + right.length > 14) continue;
    known.add(left + right);
    tokens.push(left + right);
    pool.push(left + right);
    merges.push(`${left} ${right}`);
  }
  const token_type = tokens.map(() => 1);
  const names = { model: "gpt2", pre: "qwen2", add_bos_token: false, tokens, token_type, merges };
  const tokenizer = Object.entries(names).map(([name, value]) => [`tokenizer.ggml.${name}`, value]);
  const model_info = { "general.architecture": "qwen3moe", ...Object.fromEntries(tokenizer) };
  return new TextEncoder().encode(JSON.stringify({ model_info }));
}

const time = async <Result>(what: string, run: () => Promise<Result>): Promise<Result> => {
  const start = performance.now();
  const result = await run();
  console.log(`${what}: ${(performance.now() - start).toFixed(1)} ms`);
  return result;
};

const show = syntheticShow(151_000);
await delay(500);
globalThis.gc?.();
const rssBefore = process.memoryUsage().rss;
const worker = new CountWorker(() => {});
const loop = monitorEventLoopDelay({ resolution: 1 });
loop.enable();
const facts = await time("load of 151,000 tokens and merges", () => worker.load("d", show));
loop.disable();
console.log(`longest delay of the event loop meanwhile: ${(loop.max / 1e6).toFixed(1)} ms`);
await delay(3000);
console.log(`memory: ${((process.memoryUsage().rss - rssBefore) / 1e6).toFixed(0)} MB more`);
const tokenizer = new Tokenizer("d", facts!, worker);
const text = readFileSync(new URL("../../../../../libs/anthropic/src/parse-messages-request.spec.ts", import.meta.url), "utf8")
  .repeat(20)
  .slice(0, 99_000);
await time("first count of 100 KB", () => tokenizer.countAll([text], "ollama", { enough: Infinity }));
const burst: number[] = [];
for (let call = 0; call < 50; call++) {
  const start = performance.now();
  await tokenizer.countAll([`${text}\n\nand call ${call} has another end`], "ollama", { enough: Infinity });
  burst.push(performance.now() - start);
}
console.log(`50 calls of 100 KB: ${burst.sort((a, b) => a - b)[25]!.toFixed(2)} ms at the median`);
await worker.close();
