/** The Messages API's request and answer, as far as this product reads them. Unknown fields pass through. */

export interface MessagesRequest {
  model: string;
  messages: InputMessage[];
  system?: string | TextBlock[];
  max_tokens?: number;
  stream?: boolean;
  temperature?: number;
  top_p?: number;
  top_k?: number;
  stop_sequences?: string[];
  tools?: Tool[];
  tool_choice?: ToolChoice;
  thinking?: ThinkingConfig;
  metadata?: unknown;
  /** What Anthropic's servers check calls by, in Claude Code's auto mode; random ids and the state of git in it. */
  safeguards?: unknown;
  output_config?: OutputConfig;
  thread?: Thread;
}

/** A conversation that the server keeps: begun, or gone on with by its new messages alone. */
export type Thread = { type: "create" } | { type: "continue"; previous_message_id: string };

export interface InputMessage {
  role: "user" | "assistant" | "system";
  content: string | ContentBlock[];
}

export interface TextBlock {
  type: "text";
  text: string;
  citations?: unknown[] | null;
}

export interface ThinkingBlock {
  type: "thinking";
  thinking: string;
  signature: string;
}

export interface ToolUseBlock {
  type: "tool_use";
  id: string;
  name: string;
  input: Record<string, unknown>;
}

export interface ToolResultBlock {
  type: "tool_result";
  tool_use_id: string;
  content?: string | ContentBlock[];
  is_error?: boolean;
}

export interface ImageBlock {
  type: "image";
  source: ImageSource;
}

export type ImageSource =
  | { type: "base64"; media_type: string; data: string }
  | { type: "url"; url: string }
  | { type: "file"; file_id: string };

export interface ToolReferenceBlock {
  type: "tool_reference";
  tool_name: string;
}

/** A search result that the client brings along for citing. */
export interface SearchResultBlock {
  type: "search_result";
  source?: string;
  title?: string;
  content: ContentBlock[];
}

/** A conversation that was put in few words, as Anthropic's servers do it on demand. */
export interface CompactionBlock {
  type: "compaction";
  content?: string | null;
}

/** A block whose type this product does not know: kept in the cache key, skipped for the model. */
export interface UnknownBlock {
  type: "unknown";
}

export type ContentBlock =
  | TextBlock
  | ThinkingBlock
  | ToolUseBlock
  | ToolResultBlock
  | ImageBlock
  | ToolReferenceBlock
  | DocumentBlock
  | SearchResultBlock
  | CompactionBlock
  | UnknownBlock;

export interface DocumentBlock {
  type: "document";
  title?: string | null;
  context?: string | null;
  source:
    | { type: "text"; media_type: string; data: string }
    | { type: "base64"; media_type: string; data: string }
    | { type: "content"; content: string | ContentBlock[] }
    | { type: "url"; url: string }
    | { type: "file"; file_id: string };
}

export interface Tool {
  name: string;
  type?: string;
  description?: string;
  input_schema?: Record<string, unknown>;
  defer_loading?: boolean;
  eager_input_streaming?: boolean | null;
  strict?: boolean;
}

export type ToolChoice =
  | { type: "auto"; disable_parallel_tool_use?: boolean }
  | { type: "any"; disable_parallel_tool_use?: boolean }
  | { type: "tool"; name: string; disable_parallel_tool_use?: boolean }
  | { type: "none" };

export interface ThinkingConfig {
  type: "enabled" | "adaptive" | "disabled";
  budget_tokens?: number;
}

export interface OutputConfig {
  effort?: string;
  format?: { type: "json_schema"; schema: Record<string, unknown> } | null;
}

/** Tokens as Anthropic counts them: what was read, what was written. */
export interface Usage {
  input_tokens: number;
  output_tokens: number;
  cache_creation_input_tokens?: number | null;
  cache_read_input_tokens?: number | null;
}

export type StopReason = "end_turn" | "max_tokens" | "stop_sequence" | "tool_use" | "refusal";

export type OutputBlock = TextBlock | ThinkingBlock | ToolUseBlock;

/** A finished answer (`type: "message"`). */
export interface Message {
  id: string;
  type: "message";
  role: "assistant";
  model: string;
  content: OutputBlock[];
  stop_reason: StopReason | null;
  stop_sequence: string | null;
  usage: Usage;
}
