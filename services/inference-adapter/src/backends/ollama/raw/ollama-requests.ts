import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { ServedModel } from "../../inference-backend.js";
import type { OllamaChatRequest } from "../ollama-wire.js";
import { toOllamaChatRequest } from "../to-ollama-chat-request.js";
import { isRawRequest } from "./is-raw-request.js";
import { placeFoundTools } from "./place-found-tools.js";
import { WrittenAnswers } from "./written-answers.js";

/**
 * `chat`: Ollama renders and parses. `raw`: Ollama renders, we parse, for every request with tools. `auto`: raw
 * where the model's template writes calls in a form that we read.
 */
export type InferenceMode = "auto" | "chat" | "raw";
export const inferenceModes: InferenceMode[] = ["auto", "chat", "raw"];

export interface OllamaRequest {
  chat: OllamaChatRequest;
  isRaw: boolean;
}

/** Which way each request goes, and how it is put to the model there: the same for counting and for answering. */
export class OllamaRequests {
  readonly written = new WrittenAnswers();
  /** By digest. */
  private readonly readable = new Map<string, boolean>();

  constructor(
    readonly mode: InferenceMode,
    private readonly keepAlive: string,
  ) {}

  /** Whether a model's calls are in a form that we read; undefined while that is not known. */
  isReadable({ digest }: ServedModel): boolean | undefined {
    return this.mode === "auto" ? this.readable.get(digest) : this.mode === "raw";
  }

  noteReadable({ digest }: ServedModel, isReadable: boolean): void {
    this.readable.set(digest, isReadable);
  }

  build(request: CanonicalRequest, model: ServedModel): OllamaRequest {
    const chat = this.toChat(request, model);
    if (this.isReadable(model) === false || !isRawRequest(chat)) return { chat, isRaw: false };
    const placed = this.toChat(placeFoundTools(request), model);
    const { messages } = placed.tools ? placed : chat;
    return {
      isRaw: true,
      chat: {
        ...(placed.tools ? placed : chat),
        messages: this.written.put(model.digest, messages, request.messages),
      },
    };
  }

  toChat(request: CanonicalRequest, model: ServedModel): OllamaChatRequest {
    return toOllamaChatRequest(request, model, this.keepAlive);
  }
}
