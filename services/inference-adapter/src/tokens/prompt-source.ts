import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { ServedModel } from "../backends/inference-backend.js";

/** A request as the model's template is given it. */
export interface ChatPrompt {
  messages: PromptMessage[];
  tools: PromptTool[];
  think: boolean;
}

export interface PromptMessage {
  role: string;
  content: string;
  thinking?: string;
  images?: string[];
  tool_calls?: { function: { name: string; arguments: Record<string, unknown> } }[];
}

export interface PromptTool {
  type: "function";
  function: { name: string; description: string; parameters: Record<string, unknown> };
}

/** What counting needs of a backend. */
export interface PromptSource {
  /** @throws ApiError where the request cannot be put to the model at all */
  toChatPrompt(request: CanonicalRequest, model: ServedModel): ChatPrompt;
  /** The JSON of the model's metadata with its whole vocabulary. @throws ApiError */
  readVocabulary(model: ServedModel): Promise<Uint8Array<ArrayBuffer>>;
  /** Whether rendering would neither load this model nor evict another one, or whether it `mayLoad`. @throws ApiError */
  canRender(model: ServedModel, mayLoad?: boolean): Promise<boolean>;
  /** The prompt as the model sees it, without running the model. @throws ApiError */
  render(prompt: ChatPrompt, model: ServedModel): Promise<string>;
}
