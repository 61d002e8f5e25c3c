/**
 * `/v1/chat/completions` as vLLM, SGLang, llama.cpp's server and LM Studio speak it, as far as it is used.
 * @see https://platform.openai.com/docs/api-reference/chat
 */

export interface ChatRequest extends ChatPrompt {
  stream: true;
  stream_options: { include_usage: true };
  tool_choice?: "auto" | "none" | "required" | { type: "function"; function: { name: string } };
  parallel_tool_calls?: boolean;
  response_format?: { type: "json_schema"; json_schema: JsonSchemaFormat };
  max_tokens?: number;
  temperature?: number;
  top_p?: number;
  /** Not OpenAI's own. */
  top_k?: number;
  seed?: number;
}

/** What the chat template is given, which is what the prompt's tokens depend on. */
export interface ChatPrompt {
  model: string;
  messages: ChatMessage[];
  tools?: ChatTool[];
  /** Not OpenAI's own, like the two below. */
  chat_template_kwargs?: { enable_thinking: boolean };
  /** The last message is the beginning of the answer. */
  continue_final_message?: true;
  add_generation_prompt?: false;
}

export interface JsonSchemaFormat {
  name: string;
  schema: Record<string, unknown>;
  strict: true;
}

export type ChatMessage =
  | { role: "system"; content: string }
  | { role: "user"; content: string | ChatPart[] }
  | { role: "assistant"; content: string; reasoning_content?: string; tool_calls?: ChatToolCall[] }
  | { role: "tool"; content: string; tool_call_id: string };

export type ChatPart = { type: "text"; text: string } | { type: "image_url"; image_url: { url: string } };

export interface ChatToolCall {
  id: string;
  type: "function";
  function: { name: string; arguments: string };
}

export interface ChatTool {
  type: "function";
  function: { name: string; description: string; parameters: Record<string, unknown> };
}

/** One event of a streamed answer. */
export interface ChatChunk {
  choices?: ChatChoice[];
  usage?: ChatUsage | null;
  /** llama.cpp's own measurements. */
  timings?: { prompt_ms?: number; predicted_ms?: number };
  /** The answer has failed: an object with a message, or the message itself. */
  error?: unknown;
  /** `error` in a form that has the message beside it. */
  object?: string;
}

export interface ChatUsage {
  prompt_tokens?: number;
  completion_tokens?: number;
  /** Reasoning is among the completion's tokens, also where a server keeps it to itself. */
  completion_tokens_details?: { reasoning_tokens?: number } | null;
}

export interface ChatChoice {
  delta?: ChatDelta;
  finish_reason?: string | null;
}

export interface ChatDelta {
  content?: string | null;
  /** Older servers say `reasoning_content`, newer ones `reasoning`, some both. */
  reasoning?: string | null;
  reasoning_content?: string | null;
  tool_calls?: ToolCallDelta[] | null;
}

export interface ToolCallDelta {
  index?: number;
  id?: string | null;
  function?: { name?: string | null; arguments?: string | Record<string, unknown> | null };
}

export interface ModelList {
  data: ListedModel[];
}

export interface ListedModel {
  id: string;
  owned_by?: string;
  root?: string | null;
  parent?: string | null;
  /** vLLM, SGLang: the window. */
  max_model_len?: number | null;
  /** llama.cpp. */
  meta?: { n_ctx?: number; n_ctx_train?: number } & Record<string, unknown>;
  architecture?: { input_modalities?: string[] };
}

/** llama.cpp's `/props`. */
export interface ServerProps {
  default_generation_settings?: { n_ctx?: number };
  modalities?: { vision?: boolean };
  model_path?: string;
  chat_template?: string;
  role?: string;
}

/** One of LM Studio's `/api/v0/models`. */
export interface LmStudioModel {
  id: string;
  type?: string;
  quantization?: string;
  max_context_length?: number;
  /** Only of a model that is loaded. */
  loaded_context_length?: number;
}
