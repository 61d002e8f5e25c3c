import { Controller, Get, Header, Headers } from "@nestjs/common";
import { ApiError } from "#anthropic/errors.js";
import { ApiKeys } from "../access/api-keys.js";
import { GatewayConfig } from "../gateway.config.js";
import { ModelRouter } from "../models/model-router.js";
import { toClaudeCodeEnv, toExportLines } from "./to-claude-code-env.js";

@Controller("claude-code")
export class ClaudeCodeController {
  constructor(
    private readonly config: GatewayConfig,
    private readonly router: ModelRouter,
    private readonly keys: ApiKeys,
  ) {}

  /** For `eval "$(curl -s http://localhost:8000/claude-code/env)"`. */
  @Get("env")
  @Header("content-type", "text/plain; charset=utf-8")
  async env(@Headers("host") host: string): Promise<string> {
    const { MODEL_NAME, INFERENCE_CONCURRENCY: concurrency } = this.config;
    const model = await this.router.defaultModel();
    if (!model) throw new ApiError("not_found_error", `The model ${MODEL_NAME} is not installed`);
    const { max_input_tokens: contextLength } = model;
    const settings = {
      baseUrl: `http://${host}`,
      model: MODEL_NAME,
      contextLength,
      needsKey: this.keys.areSet,
      concurrency,
    };
    return toExportLines(toClaudeCodeEnv(settings));
  }
}
