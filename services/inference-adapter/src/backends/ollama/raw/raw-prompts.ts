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

  /** What is known of it without asking Ollama. */
  find(chat: OllamaChatRequest, model: ServedModel): string | undefined {
    const outline = toOutline(chat);
    const glue = this.templates.of(model).find(outline);
    return glue && toRenderedPrompt(glue, outline.contents);
  }

  /** Loads the model where it is not. Undefined where this Ollama does not render. @throws ApiError */
  async render(chat: OllamaChatRequest, model: ServedModel): Promise<string | undefined> {
    const outline = toOutline(chat);
    const glue = await this.templates.of(model).learn(outline, model, true);
    return glue && toRenderedPrompt(glue, outline.contents);
  }

  /** Whether the model's template writes calls as we read them. Loads the model where it is not. @throws ApiError */
  async isReadable(model: ServedModel): Promise<boolean> {
    if (!(await this.source.canRender(model, true))) return false;
    return isReadableTemplate(await this.source.render(probePrompt, model));
  }
}

const toOutline = ({ messages, tools = [], think }: OllamaChatRequest) =>
  toPromptOutline({ messages, tools, think });
