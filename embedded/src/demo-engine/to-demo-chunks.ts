import type {
  OllamaChatChunk,
  OllamaChatRequest,
} from "../../../services/inference-adapter/src/backends/ollama/ollama-wire.js";

const charactersPerToken = 4;

/** The lines of an answer: word by word that this is a demo, and never a tool call. */
export function toDemoChunks(request: OllamaChatRequest, ollamaUrl: string): OllamaChatChunk[] {
  const { messages, options } = request;
  if (messages.length === 0) return [{ message: { content: "" }, done: true, done_reason: "load" }];
  const words = toDemoText(request, ollamaUrl).split(/(?<= )/);
  const limit = options?.num_predict ?? -1;
  const isCut = limit >= 0 && limit < words.length;
  const said = isCut ? words.slice(0, limit) : words;
  const last: OllamaChatChunk = {
    message: { content: "" },
    done: true,
    done_reason: isCut ? "length" : "stop",
    load_duration: 0,
    prompt_eval_count: Math.ceil(JSON.stringify(messages).length / charactersPerToken),
    prompt_eval_duration: 1_000_000,
    eval_count: said.length,
    eval_duration: said.length * 1_000_000,
  };
  return [...said.map((content) => ({ message: { content }, done: false })), last];
}

function toDemoText({ messages }: OllamaChatRequest, ollamaUrl: string): string {
  const characters = messages.reduce((sum, { content }) => sum + content.length, 0);
  return [
    "This is the demo engine of llm-selfhost, not a language model.",
    `Nobody read your ${messages.length} message(s) of ${characters} characters,`,
    "but they took the real way: gateway, cache, inference adapter. Ask the same again and the cache answers.",
    `For real answers install Ollama (https://ollama.com/download), start it (${ollamaUrl})`,
    "and run: ollama pull qwen3-coder. It takes over within seconds, no restart is needed.",
  ].join(" ");
}
