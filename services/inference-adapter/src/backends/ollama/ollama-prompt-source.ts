import { buffer } from "node:stream/consumers";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import { HttpClient, type HttpRequest } from "#platform/http-client.js";
import type { ChatPrompt, PromptSource } from "../../tokens/prompt-source.js";
import type { ServedModel } from "../inference-backend.js";
import { mapOllamaError } from "./map-ollama-error.js";
import { toOllamaError } from "./ollama.client.js";
import { OllamaRequests } from "./raw/ollama-requests.js";
import { toContinuedPrompt, type ContinuedPrompt } from "./to-continued-prompt.js";

const metadataTimeoutMs = 5000;
const vocabularyTimeoutMs = 60_000;
const renderTimeoutMs = 10_000;

/** What counting tokens asks of Ollama. */
export class OllamaPromptSource implements PromptSource {
  private readonly http: HttpClient;

  constructor(
    baseUrl: string,
    connectTimeoutMs: number,
    private readonly requests = new OllamaRequests("chat", "-1"),
  ) {
    this.http = new HttpClient(baseUrl, connectTimeoutMs);
  }

  toChatPrompt(request: CanonicalRequest, model: ServedModel): ChatPrompt {
    const { messages, tools = [], think } = this.requests.build(request, model).chat;
    return { messages, tools, think };
  }

  async readVocabulary({ name }: ServedModel): Promise<Uint8Array<ArrayBuffer>> {
    const request = { method: "POST", path: "/api/show", body: { model: name, verbose: true } } as const;
    try {
      const { status, body } = await this.http.stream({
        ...request,
        signal: AbortSignal.timeout(vocabularyTimeoutMs),
      });
      const bytes = new Uint8Array(await buffer(body));
      if (status !== 200) throw mapOllamaError(status, new TextDecoder().decode(bytes));
      return bytes;
    } catch (error) {
      throw toOllamaError(error);
    }
  }

  /**
   * Ollama loads the model before it renders (`server/routes.go`, ChatHandler), and another window reloads it:
   * so it renders only for a model that is loaded with the very window that is served.
   */
  async canRender({ digest, contextLength }: ServedModel, mayLoad = false): Promise<boolean> {
    if (mayLoad) return this.knowsRendering();
    const running = (await this.json({ method: "GET", path: "/api/ps" })) as { models?: RunningModel[] };
    const isLoaded = running.models?.some(
      (model) => model.digest === digest && model.context_length === contextLength,
    );
    return isLoaded === true && this.knowsRendering();
  }

  async render(prompt: ChatPrompt, model: ServedModel): Promise<string> {
    return (await this.toContinued(prompt, model)).prompt;
  }

  /** @throws ApiError */
  toContinued(prompt: ChatPrompt, model: ServedModel): Promise<ContinuedPrompt> {
    return toContinuedPrompt(prompt, (conversation) => this.renderChat(conversation, model));
  }

  private async renderChat({ messages, tools, think }: ChatPrompt, model: ServedModel): Promise<string> {
    // Without keep_alive the one that the model was loaded with stays.
    const body = {
      model: model.name,
      messages,
      ...(tools.length > 0 ? { tools } : {}),
      think,
      stream: false,
      truncate: false,
      shift: false,
      options: { num_ctx: model.contextLength, num_predict: 1 },
      _debug_render_only: true,
    };
    const answer = (await this.json(
      { method: "POST", path: "/api/chat", body },
      renderTimeoutMs,
    )) as Rendering;
    const rendered = answer["_debug_info"]?.rendered_template;
    if (rendered === undefined) throw new Error("Ollama did not render the prompt");
    return rendered;
  }

  /** An older Ollama would run the model instead. Builds without a version call themselves 0.0.0. */
  private async knowsRendering(): Promise<boolean> {
    const { version = "" } = (await this.json({ method: "GET", path: "/api/version" })) as {
      version?: string;
    };
    const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
    return major > 0 || minor >= firstMinorThatRenders || (minor === 0 && patch === 0);
  }

  private async json(request: HttpRequest, timeoutMs = metadataTimeoutMs): Promise<unknown> {
    try {
      const { status, body } = await this.http.request({ ...request, timeoutMs });
      if (status !== 200) throw mapOllamaError(status, body);
      return body;
    } catch (error) {
      throw toOllamaError(error);
    }
  }
}

const firstMinorThatRenders = 12;

interface RunningModel {
  digest: string;
  context_length?: number;
}

interface Rendering {
  _debug_info?: { rendered_template?: string };
}
