import { Controller, Get, Header, Headers, Res } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import { ApiError, toApiError } from "#anthropic/errors.js";
import type { ModelCard } from "#service-contracts/model-card.js";
import { ApiKeys } from "../access/api-keys.js";
import { GatewayConfig } from "../gateway.config.js";
import { ModelRouter } from "../models/model-router.js";
import { toClaudeCodeEnv, toExportLines, toFailureLines } from "./to-claude-code-env.js";

@Controller("claude-code")
export class ClaudeCodeController {
  constructor(
    private readonly config: GatewayConfig,
    private readonly router: ModelRouter,
    private readonly keys: ApiKeys,
  ) {}

  /**
   * For `eval "$(curl -sS http://localhost:8000/claude-code/env || echo false)" && claude`. Without a model, whose
   * window is to be told, it is a 503 that a shell can read as well: it still leads Claude Code here and to nobody else.
   */
  @Get("env")
  @Header("content-type", "text/plain; charset=utf-8")
  async env(
    @Headers("host") host: string | undefined,
    @Headers("x-forwarded-proto") outerScheme: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    // A shell would lead Claude Code to wherever is named here.
    if (!host) throw new ApiError("invalid_request_error", "Host: Field required");
    const { MODEL_NAME, INFERENCE_CONCURRENCY: concurrency } = this.config;
    const found = await this.findModel();
    const isFound = !(found instanceof ApiError);
    const settings = {
      // Without TLS in front a key would go over the network in the clear.
      baseUrl: `${outerScheme === "https" ? "https" : "http"}://${host}`,
      model: MODEL_NAME,
      contextLength: isFound ? found.max_input_tokens : undefined,
      needsKey: this.keys.areSet,
      concurrency,
    };
    const lines = toExportLines(toClaudeCodeEnv(settings));
    if (isFound) return lines;
    reply.status(503);
    return lines + toFailureLines(`llm-selfhost: ${found.message}. Run this line again when it is ready.`);
  }

  private async findModel(): Promise<ModelCard | ApiError> {
    const { MODEL_NAME } = this.config;
    try {
      return (await this.router.defaultModel()) ?? (await this.router.resolve(MODEL_NAME));
    } catch (error) {
      return toApiError(error);
    }
  }
}
