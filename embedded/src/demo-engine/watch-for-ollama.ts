import { askOllama } from "../ask-ollama.js";

/** Calls back once when Ollama answers. Returns what ends the watch. */
export function watchForOllama(ollamaUrl: string, intervalMs: number, onOllama: () => void): () => void {
  let timer: NodeJS.Timeout;
  let stopped = false;
  const check = async () => {
    const state = await askOllama(ollamaUrl);
    if (stopped) return;
    if ("models" in state) onOllama();
    else timer = setTimeout(() => void check(), intervalMs);
  };
  timer = setTimeout(() => void check(), intervalMs);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
