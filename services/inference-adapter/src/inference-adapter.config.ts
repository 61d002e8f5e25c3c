import {
  IsBooleanVariable,
  IsIntVariable,
  IsNumberVariable,
  IsOneOfVariable,
  IsParsedVariable,
  IsTextVariable,
} from "#platform/load-config.js";
import { parseCredential } from "#platform/parse-credential.js";
import { parseHost } from "#platform/parse-host.js";
import { ServiceConfig } from "#platform/service-config.js";
import { parseModelContext } from "./models/parse-model-context.js";
import { type InferenceMode, inferenceModes } from "./backends/ollama/raw/ollama-requests.js";
import { parseKeepAlive } from "./backends/ollama/parse-keep-alive.js";
import { parseOllamaHost } from "./backends/ollama/parse-ollama-host.js";
import { parseOpenAiBaseUrl } from "./backends/openai-compatible/parse-openai-base-url.js";
import { parsePrivateHosts } from "./sources/parse-private-hosts.js";

/** The environment of the inference adapter; each property is a variable. */
export class InferenceAdapterConfig extends ServiceConfig {
  @IsIntVariable(0, 65535)
  INFERENCE_PORT: number = 8200;

  @IsParsedVariable(parseHost)
  INFERENCE_HOST: string = "127.0.0.1";

  @IsOneOfVariable(["ollama", "openai-compatible"])
  INFERENCE_BACKEND: string = "ollama";

  /**
   * How Ollama is asked when a request has tools. `chat`: Ollama reads the model's calls. `raw`: the adapter reads
   * them from the plain tokens. `auto`: raw where the model writes calls in a form that the adapter reads.
   */
  @IsOneOfVariable(inferenceModes)
  INFERENCE_MODE: InferenceMode = "auto";

  /** How many generations run at once; as wide as the backend's own parallelism. */
  @IsIntVariable(1, 1024)
  INFERENCE_CONCURRENCY: number = 1;

  /** How many generations may wait; one more is refused with 529. */
  @IsIntVariable(0, 100_000)
  INFERENCE_QUEUE_LIMIT: number = 64;

  @IsParsedVariable(parseOllamaHost)
  OLLAMA_HOST: string = "localhost:11434";

  /** Where an OpenAI-compatible server is, with or without `/v1`; asked only by that backend. */
  @IsParsedVariable(parseOpenAiBaseUrl)
  OPENAI_BASE_URL: string = "";

  /** Sent to it as a bearer token, where it wants one. */
  @IsParsedVariable(parseCredential)
  OPENAI_API_KEY: string = "";

  @IsTextVariable()
  MODEL_NAME: string = "qwen3-coder";

  /** The context window in tokens; a model trained for less, or run by its server with another, has that one. */
  @IsIntVariable(512, 10_000_000)
  CONTEXT_LENGTH: number = 65_536;

  /** Windows of single models: `pattern=tokens,…`, `*` matches anything. */
  @IsParsedVariable(parseModelContext)
  MODEL_CONTEXT: string = "";

  /** How long the model stays loaded after an answer: seconds, a duration as `10m`, or -1 for always. */
  @IsParsedVariable(parseKeepAlive)
  MODEL_KEEP_ALIVE: string = "-1";

  /** Pull the default model if it is absent. */
  @IsBooleanVariable()
  MODEL_PULL: boolean = false;

  /** Load the default model at start and when it was lost, and evaluate the longest prompt prefix seen lately. */
  @IsBooleanVariable()
  MODEL_WARMUP: boolean = false;

  /**
   * A file that keeps the prompt prefixes to warm up (system prompts and tools, no messages) over a restart of this
   * service; it is made for its owner only. Empty: they are kept in memory only.
   */
  @IsTextVariable()
  MODEL_WARMUP_FILE: string = "";

  /** Fetch images and documents that a request names by their URL. */
  @IsBooleanVariable()
  FETCH_URLS: boolean = true;

  /** Hosts that may be fetched from though their addresses are not public: `host,host:port,…`. */
  @IsParsedVariable(parsePrivateHosts)
  FETCH_PRIVATE_HOSTS: string = "";

  @IsIntVariable(100, 600_000)
  CONNECT_TIMEOUT_MS: number = 5000;

  /** From the slot to the first token: load and prefill. */
  @IsIntVariable(100, 86_400_000)
  FIRST_EVENT_TIMEOUT_MS: number = 600_000;

  /** Silence after the first token; on the chat path FIRST_EVENT_TIMEOUT_MS while tools are offered, if Ollama answers probes. */
  @IsIntVariable(100, 86_400_000)
  IDLE_TIMEOUT_MS: number = 300_000;

  /** How long a generation goes on without a client, so that a retry can join it. */
  @IsIntVariable(0, 3_600_000)
  DETACH_GRACE_MS: number = 180_000;

  /** Run by the shell when nobody has used this host for IDLE_MINUTES. Empty: nothing. */
  @IsTextVariable()
  IDLE_COMMAND: string = "";

  @IsNumberVariable(0.01)
  IDLE_MINUTES: number = 30;
}
