import { OllamaPromptSource } from "../../backends/ollama/ollama-prompt-source.js";
import { toOllamaChatRequest, toOllamaRawRequest } from "../../backends/ollama/to-ollama-chat-request.js";
import type { ServedModel } from "../../backends/inference-backend.js";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";

export const realOllama = process.env["REAL_OLLAMA_HOST"];

const host = realOllama ?? "localhost:11434";
export const baseUrl = host.includes("://") ? host : `http://${host}`;

export async function ollamaJson<Body>(path: string, body?: unknown, timeoutMs?: number): Promise<Body> {
  const answer = await fetch(`${baseUrl}${path}`, {
    ...(timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(timeoutMs) }),
    method: body === undefined ? "GET" : "POST",
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Body;
}

/** A model of that Ollama as the adapter serves it. */
export async function realModel(name: string, contextLength: number): Promise<ServedModel> {
  const { models } = await ollamaJson<{ models: { name: string; digest: string }[] }>("/api/tags");
  const model = models.find((one) => one.name === `${name}:latest`);
  if (!model) throw new Error(`${name} is not installed`);
  const capabilities = new Set(["tools", ...(name.includes("think") ? ["thinking"] : [])]) as ServedModel["capabilities"];
  return { ...model, modifiedAt: "", capabilities, trainedContextLength: contextLength, contextLength, fingerprint: "" };
}

/** What the model itself counts, by answering with one token, or going on with one. */
export async function promptEvalCount(request: CanonicalRequest, model: ServedModel): Promise<number> {
  const chat = toOllamaChatRequest({ ...request, max_tokens: 1 }, model, "-1");
  const source = new OllamaPromptSource(baseUrl, 5000);
  const { prompt, isOfChat } = await source.toContinued(source.toChatPrompt(request, model), model);
  const { prompt_eval_count } = await ollamaJson<{ prompt_eval_count: number }>(
    isOfChat ? "/api/chat" : "/api/generate",
    { ...(isOfChat ? chat : toOllamaRawRequest(chat, prompt)), stream: false },
  );
  return prompt_eval_count;
}

/** Which models are loaded, and with which window. */
export async function loadedModels(): Promise<string[]> {
  const { models } = await ollamaJson<{ models: { name: string; context_length: number; expires_at: string }[] }>("/api/ps");
  return models.map(({ name, context_length }) => `${name} ${context_length}`).sort();
}

export const unload = (name: string, timeoutMs?: number) =>
  ollamaJson("/api/chat", { model: name, messages: [], keep_alive: 0, stream: false }, timeoutMs);

/** A runner that never gives its slot back fails this, rather than whoever comes next. */
export async function unloadAll(): Promise<void> {
  const { models } = await ollamaJson<{ models: { name: string }[] }>("/api/ps");
  for (const { name } of models) await unload(name, 10_000);
}
