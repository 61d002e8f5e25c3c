import {
  IsBooleanVariable,
  IsIntVariable,
  IsNumberVariable,
  IsParsedVariable,
  IsTextVariable,
} from "#platform/load-config.js";
import { parseCredential } from "#platform/parse-credential.js";
import { parseHost } from "#platform/parse-host.js";
import { ServiceConfig } from "#platform/service-config.js";
import { parseApiKeys } from "./access/parse-api-keys.js";
import { parseRateLimits, parseTokenBudgets } from "./access/rate-limits/parse-rate-limits.js";
import { parseNormalizations } from "./caching/normalize-request.js";
import { parseModelAliases } from "./models/parse-model-aliases.js";
import { parseUrl } from "./inference/parse-url.js";

/** The environment of the gateway; each property is a variable. */
export class GatewayConfig extends ServiceConfig {
  @IsIntVariable(0, 65535)
  API_PORT: number = 8000;

  @IsParsedVariable(parseHost)
  API_HOST: string = "127.0.0.1";

  @IsParsedVariable(parseUrl)
  CACHE_URL: string = "http://127.0.0.1:8100";

  @IsParsedVariable(parseUrl)
  INFERENCE_URL: string = "http://127.0.0.1:8200";

  /** The model served by default. */
  @IsTextVariable()
  MODEL_NAME: string = "qwen3-coder";

  /** `pattern=model,…` where `*` matches anything; asked before the names that the backend has. */
  @IsParsedVariable(parseModelAliases)
  MODEL_ALIASES: string = "";

  /** Seconds that an answer is kept; 0 turns the cache off. */
  @IsIntVariable(0, 31_536_000)
  CACHE_TTL: number = 86_400;

  /** The most seconds that a request may ask for with `x-cache-ttl`. */
  @IsIntVariable(1, 31_536_000)
  CACHE_MAX_TTL: number = 604_800;

  /** What the gateway itself keeps of the cache, so that a hit asks nobody, in MiB; 0: nothing. */
  @IsIntVariable(0, 1_048_576)
  CACHE_NEAR_MEMORY_MB: number = 32;

  /** False: requests with an explicit temperature above 0 bypass the cache. */
  @IsBooleanVariable()
  CACHE_SAMPLED: boolean = true;

  /** What of Claude Code's own instructions makes no difference to the key: `date`, `home` or both. */
  @IsParsedVariable(parseNormalizations)
  CACHE_NORMALIZE: string = "";

  /** True: all keys share their entries. */
  @IsBooleanVariable()
  CACHE_SHARE_TENANTS: boolean = false;

  /** True: questions are stored beside their answers, for `GET /cache/entries/{key}`. */
  @IsBooleanVariable()
  CACHE_STORE_PROMPTS: boolean = false;

  /** `name:sha256-of-the-key,…` in hex. Empty: no authentication. */
  @IsParsedVariable(parseApiKeys)
  API_KEYS: string = "";

  /** A file of such keys, one a line, read again when it changes. */
  @IsTextVariable()
  API_KEYS_FILE: string = "";

  /** What each key may ask a minute: `name=requests/input-tokens/output-tokens,…`, `-` for no limit, `*` for all other keys. */
  @IsParsedVariable(parseRateLimits)
  RATE_LIMITS: string = "";

  /** How many tokens, read and written, each key may have generated a day: `name=tokens,…`, `*` for all other keys. */
  @IsParsedVariable(parseTokenBudgets)
  TOKEN_BUDGETS: string = "";

  /** For the routes under /cache. Empty: open where there are no API_KEYS either, closed where there are. */
  @IsParsedVariable(parseCredential)
  ADMIN_KEY: string = "";

  @IsBooleanVariable()
  ALLOW_UNAUTHENTICATED: boolean = false;

  /** How many generations run at once; tells Claude Code whether background tasks make sense. */
  @IsIntVariable(1, 1024)
  INFERENCE_CONCURRENCY: number = 1;

  @IsIntVariable(100, 600_000)
  CONNECT_TIMEOUT_MS: number = 5000;

  @IsIntVariable(100, 86_400_000)
  FIRST_EVENT_TIMEOUT_MS: number = 600_000;

  @IsIntVariable(100, 86_400_000)
  IDLE_TIMEOUT_MS: number = 300_000;

  /** What an hour of the GPU costs, in dollars. */
  @IsNumberVariable(0)
  GPU_PRICE_PER_HOUR: number = 0.5;

  /** What a million tokens read would cost at a cloud's model, in dollars. */
  @IsNumberVariable(0)
  CLOUD_PRICE_INPUT: number = 3;

  /** What a million tokens written would cost at a cloud's model, in dollars. */
  @IsNumberVariable(0)
  CLOUD_PRICE_OUTPUT: number = 15;
}
