/** Ollama's own API, as far as it is used. @see https://github.com/ollama/ollama/blob/main/docs/api.md */

export interface OllamaChatRequest {
  model: string;
  messages: OllamaMessage[];
  tools?: OllamaTool[];
  stream: true;
  think: boolean;
  format?: Record<string, unknown>;
  keep_alive: number | string;
  truncate: false;
  shift: false;
  options: OllamaOptions;
}

/** `/api/generate` with a prompt that is rendered already. */
export interface OllamaRawRequest extends Omit<OllamaChatRequest, "messages" | "tools" | "think"> {
  raw: true;
  prompt: string;
  /** Where false, Ollama leaves thinking in the answer. */
  think?: false;
  /** As the prompt's `[img-0]`, `[img-1]`, … name them. */
  images?: string[];
}

export interface OllamaOptions {
  num_ctx: number;
  num_predict?: number;
  temperature?: number;
  top_p?: number;
  top_k?: number;
  seed?: number;
}

export interface OllamaMessage {
  role: "system" | "user" | "assistant" | "tool";
  content: string;
  thinking?: string;
  /** Base64, without a data: prefix. */
  images?: string[];
  tool_calls?: OllamaToolCall[];
  tool_name?: string;
  tool_call_id?: string;
}

export interface OllamaToolCall {
  id?: string;
  function: { index?: number; name: string; arguments: Record<string, unknown> };
}

export interface OllamaTool {
  type: "function";
  function: { name: string; description: string; parameters: Record<string, unknown> };
}

/** One line of a streamed answer of `/api/chat`, or, with `response`, of `/api/generate`. */
export interface OllamaChatChunk extends OllamaChunk {
  response?: string;
  message?: { content?: string; thinking?: string; tool_calls?: OllamaToolCall[] };
}

/** One line of a streamed `/api/generate` answer. */
export interface OllamaRawChunk extends OllamaChunk {
  response?: string;
}

/** What the lines of both have. Durations are nanoseconds. */
export interface OllamaChunk {
  done?: boolean;
  done_reason?: string;
  error?: string | null;
  load_duration?: number;
  prompt_eval_count?: number;
  prompt_eval_duration?: number;
  eval_count?: number;
  eval_duration?: number;
}

/** One line of `/api/pull`; sizes in bytes. */
export interface OllamaPullChunk {
  status?: string;
  digest?: string;
  total?: number;
  completed?: number;
  error?: string | null;
}

export interface OllamaTags {
  models: OllamaTag[];
}

export interface OllamaTag {
  name: string;
  digest: string;
  modified_at: string;
}

/** `/api/ps`: the models that are loaded. */
export interface OllamaPs {
  models?: { digest?: string; context_length?: number }[];
}

export interface OllamaShow {
  details?: unknown;
  capabilities?: string[];
  model_info?: Record<string, unknown>;
}
