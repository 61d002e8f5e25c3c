import type { PromptSource } from "../../../tokens/prompt-source.js";
import type { TemplatesByModel } from "../../../tokens/templates-by-model.js";
import { toPromptOutline, toRenderedPrompt } from "../../../tokens/to-prompt-outline.js";
import type { ServedModel } from "../../inference-backend.js";
import type { OllamaChatRequest } from "../ollama-wire.js";
import { isReadableTemplate, probePrompt } from "./is-readable-template.js";

/**
 * Prompts as Ollama renders them. Only what is new of a request's outline is rendered there, and a list of tools
 * once: some of Ollama's renderers write a tool's members in another order each time, which breaks the KV prefix.
 */
export class RawPrompts {
  constructor(
    private readonly source: PromptSource,
    private readonly templates: TemplatesByModel,
  ) {}

  /** Undefined where the model is not loaded, or this Ollama does not render. @throws ApiError */
  async render({ messages, tools = [], think }: OllamaChatRequest, model: ServedModel): Promise<string | undefined> {
    const outline = toPromptOutline({ messages, tools, think });
    const templates = this.templates.of(model);
    const glue = templates.find(outline) ?? (await templates.learn(outline, model));
    return glue && toRenderedPrompt(glue, outline.contents);
  }

  /** Whether the model's template writes calls as we read them; undefined as above. @throws ApiError */
  async isReadable(model: ServedModel): Promise<boolean | undefined> {
    if (!(await this.source.canRender(model))) return undefined;
    return isReadableTemplate(await this.source.render(probePrompt, model));
  }
}
