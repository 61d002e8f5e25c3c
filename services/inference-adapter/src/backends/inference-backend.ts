import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { StopReason } from "#anthropic/messages.js";

/**
 * What a model does, in the order in which it does it. A backend yields these; block indices, ids and usage
 * are framed once for all backends. Text and thinking may come in any number of pieces. After `end` nothing
 * comes; a backend that cannot reach its own end throws an ApiError.
 */
export type GenerationEvent =
  | { type: "thinking"; thinking: string }
  | { type: "text"; text: string }
  | { type: "tool_use_start"; name: string }
  | { type: "tool_use_input"; partialJson: string }
  | GenerationEnd;

export interface GenerationEnd {
  type: "end";
  stopReason: StopReason;
  stopSequence: string | null;
  /** As the backend counted; undefined where it could not. */
  inputTokens: number | undefined;
  outputTokens: number;
  loadSeconds: number;
  prefillSeconds: number;
  decodeSeconds: number;
  /** The model meant a call that came out as text, or not at all. */
  hasLostCall?: boolean;
}

export type Capability = "tools" | "thinking" | "vision";

/** A model that the backend can run. */
export interface BackendModel {
  name: string;
  digest: string;
  /** RFC 3339. */
  modifiedAt: string;
  capabilities: ReadonlySet<Capability>;
  /** The context window in tokens that it was trained for. */
  trainedContextLength: number;
  /** The window that the server runs it with, where that is the server's choice and not ours. */
  fixedContextLength?: number;
}

/** A model as it is served: with its one window. */
export interface ServedModel extends BackendModel {
  contextLength: number;
  fingerprint: string;
}

export interface GenerateOptions {
  /** Nobody reads while the model writes: texts that the server sends together may be one, and a call may be held. */
  isReadWhole?: boolean;
  /** Called for each piece of the answer that the server sends, also for one that is held back. */
  onHeard?: () => void;
  /** What the prompt was counted to be, or about. */
  promptTokens?: number;
}

/** One kind of server that runs models. A new one is a folder beside `ollama/` and a line in the registry. */
export interface InferenceBackend {
  readonly name: string;
  /** Changes whenever the translation changes what is answered: part of the fingerprint. */
  readonly translationVersion: number | string;
  /** False: a server that reads a prompt cannot be stopped, and its slot stays taken until the first token. */
  readonly cancelsInPrefill: boolean;
  /** True: `tool_choice` any and tool hold the model to a call. False: only a JSON schema can. */
  readonly forcesCalls: boolean;
  /** @throws ApiError when the server cannot be asked */
  listModels(): Promise<BackendModel[]>;
  /**
   * What the last list left out because the server was slow to describe it, or failed to: by name. It is there all the
   * same; asked once more, the server's description is waited for. @throws ApiError
   */
  readonly undescribed?: ReadonlyMap<string, () => Promise<BackendModel>>;
  /**
   * Runs the model. Aborting `signal` ends it as soon as the server allows. What a request brings along has become
   * text and base64 images by now; `tool_choice` and `output_config.format` have become the one thing that a backend
   * does for them: it holds the answer's text to the JSON schema in `output_config.format`. Tools are offered unless
   * `tool_choice` is `none`. A last message of the assistant's is gone on with; the answer does not repeat it.
   * @throws UnsupportedSchemaError before the first event, where it cannot hold the answer to that schema
   * @throws ApiError
   */
  generate(
    request: CanonicalRequest,
    model: ServedModel,
    signal: AbortSignal,
    options?: GenerateOptions,
  ): AsyncIterable<GenerationEvent>;
  /** Resolves when the server answers at all. @throws ApiError */
  probe(): Promise<void>;

  // What only a server can do that lets its clients manage its models.

  /** Loads the model with its window, so that its first answer does not wait for that. @throws ApiError */
  load?(model: ServedModel, signal: AbortSignal): Promise<void>;
  /** The window that the model is loaded with now; undefined when it is not loaded. @throws ApiError */
  loadedContextLength?(model: ServedModel): Promise<number | undefined>;
  /** Fetches a model, telling how many percent are there. @throws ApiError */
  pull?(name: string, signal: AbortSignal): AsyncIterable<number>;
}

export const INFERENCE_BACKEND = Symbol("INFERENCE_BACKEND");
