import { LRUCache } from "lru-cache";
import type { ServedModel } from "../backends/inference-backend.js";
import type { PromptSource } from "./prompt-source.js";
import { putTools, standInTool, toToolsText, type ToolsText } from "./tools-text.js";
import { parseGlue, type PromptGlue, type PromptOutline } from "./to-prompt-outline.js";

/**
 * What a model's template makes of outlines. A new outline is rendered once, with a stand-in for the tools where
 * their text is known: a client's tools are long and always the same.
 */
export class PromptTemplates {
  private readonly outlines = new LRUCache<string, PromptGlue>({
    max: 2000,
    maxSize: 16_000_000,
    sizeCalculation: (glue) => 1 + glue.reduce<number>((size, part) => size + String(part).length, 0),
  });
  private readonly toolTexts = new LRUCache<string, ToolsText>({
    max: 200,
    maxSize: 16_000_000,
    sizeCalculation: ({ standIn, tools }) => 1 + standIn.length + tools.length,
  });
  private readonly rendering = new Map<string, Promise<PromptGlue | undefined>>();

  constructor(private readonly source: PromptSource) {}

  /** What is known already. */
  find({ key, toolsKey }: PromptOutline): PromptGlue | undefined {
    const whole = this.outlines.get(key);
    if (whole || toolsKey === "") return whole;
    const withStandIn = this.outlines.get(toStandInKey(key));
    const text = this.toolTexts.get(toolsKey);
    return withStandIn && text && putTools(withStandIn, text);
  }

  /** Renders an outline that is not known; undefined where that would load the model, unless it may. @throws ApiError */
  learn(outline: PromptOutline, model: ServedModel, mayLoad = false): Promise<PromptGlue | undefined> {
    const running = this.rendering.get(outline.key);
    if (running) return mayLoad ? running.then((glue) => glue ?? this.learn(outline, model, true)) : running;
    const started = this.render(outline, model, mayLoad).finally(() => this.rendering.delete(outline.key));
    this.rendering.set(outline.key, started);
    return started;
  }

  private async render(
    outline: PromptOutline,
    model: ServedModel,
    mayLoad: boolean,
  ): Promise<PromptGlue | undefined> {
    if (!(await this.source.canRender(model, mayLoad))) return undefined;
    const { prompt, key, toolsKey } = outline;
    if (toolsKey === "") return this.keep(key, await this.source.render(prompt, model));
    const withStandIn = await this.source.render({ ...prompt, tools: [standInTool] }, model);
    this.keep(toStandInKey(key), withStandIn);
    const known = this.find(outline);
    if (known) return known;
    const full = await this.source.render(prompt, model);
    this.toolTexts.set(toolsKey, toToolsText(withStandIn, full));
    return this.find(outline) ?? this.keep(key, full);
  }

  private keep(key: string, rendered: string): PromptGlue {
    const glue = parseGlue(rendered);
    this.outlines.set(key, glue);
    return glue;
  }
}

const toStandInKey = (key: string): string => `${key} with the stand-in`;
