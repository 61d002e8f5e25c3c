import type { ServedModel } from "../backends/inference-backend.js";
import { toMeasuredTexts, toPromptShape } from "./measure-prompt.js";
import type { PromptTemplates } from "./prompt-templates.js";
import { TemplateCosts } from "./template-costs.js";
import type { DialectFacts } from "./text-counter.js";
import type { CountLimits, Tokenizer } from "./tokenizer.js";
import { type PromptGlue, type PromptOutline, toRenderedPrompt } from "./to-prompt-outline.js";

export interface TokenCount {
  tokens: number;
  /** True: equal to what the backend will count. False: an estimate. */
  isExact: boolean;
}

/** Far beyond most windows; a text of so many tokens is counted in some tenths of a second. */
const leastEnough = 200_000;
const noLimits: CountLimits = { enough: Infinity };

/** Counts for one model: exactly where the rendering is known, else its contents and what the template usually adds. */
export class ModelCounter {
  private readonly engines: EngineModel[];
  /** The engine whose counts were those of real answers. */
  private proven: EngineModel | undefined;
  /** An answer's count was none of ours: something in this model is not as we think. */
  private isDoubtful = false;

  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly templates: PromptTemplates,
  ) {
    this.engines = tokenizer.dialects.map((facts) => ({ ...facts, costs: new TemplateCosts() }));
  }

  /** Rendering that takes longer than `renderWaitMs` is used the next time. */
  async count(
    outline: PromptOutline,
    model: ServedModel,
    { renderWaitMs, signal }: { renderWaitMs: number; signal?: AbortSignal | undefined },
  ): Promise<TokenCount> {
    const limits = { enough: Math.max(leastEnough, 2 * model.contextLength), signal };
    const glue = this.templates.find(outline) ?? (await this.learnGlue(outline, model, renderWaitMs));
    if (!glue) return { tokens: await this.estimate(outline, limits), isExact: false };
    const engines = this.proven ? [this.proven] : this.engines;
    const { counts, isExact } = await this.countRendered(glue, outline.contents, engines, limits);
    const isAgreed = isExact && counts.every((tokens) => tokens === counts[0]);
    const isKnown = this.proven !== undefined || engines.every((engine) => engine.isExact);
    const best = counts[engines.indexOf(this.likeliest())] ?? 0;
    return { tokens: best, isExact: isAgreed && isKnown && !this.isDoubtful };
  }

  /** Takes in what the backend counted for a prompt. */
  async learn(outline: PromptOutline, promptTokens: number): Promise<void> {
    const glue = this.templates.find(outline);
    if (glue) {
      const { counts, isExact } = await this.countRendered(glue, outline.contents, this.engines, noLimits);
      const right = this.engines.filter((_, index) => counts[index] === promptTokens);
      if (isExact) this.isDoubtful = right.length === 0;
      if (isExact && right.length === 1) this.proven = right[0];
    }
    for (const engine of this.engines) {
      const { contentTokens, shape } = await this.measure(outline, engine, noLimits);
      engine.costs.learn(shape, promptTokens - contentTokens);
    }
  }

  private async estimate(outline: PromptOutline, limits: CountLimits): Promise<number> {
    const engine = this.likeliest();
    const { contentTokens, shape } = await this.measure(outline, engine, limits);
    return contentTokens + engine.costs.estimate(shape);
  }

  /** The engine that answers have proven, or the one whose counts fit them best. */
  private likeliest(): EngineModel {
    const best = (one: EngineModel, other: EngineModel) =>
      other.costs.misfit < one.costs.misfit ? other : one;
    return this.proven ?? this.engines.reduce(best);
  }

  private async learnGlue(outline: PromptOutline, model: ServedModel, waitMs: number) {
    const learned = this.templates.learn(outline, model).catch(() => undefined);
    return Promise.race([learned, after(waitMs)]);
  }

  private async countRendered(
    glue: PromptGlue,
    contents: string[],
    engines: EngineModel[],
    limits: CountLimits,
  ): Promise<{ counts: number[]; isExact: boolean }> {
    const prompt = toRenderedPrompt(glue, contents);
    const counted = await Promise.all(
      engines.map(({ dialect }) => this.tokenizer.countAll([prompt], dialect, limits)),
    );
    return {
      counts: counted.map(({ tokens: [tokens = 0] }, index) => tokens + engines[index]!.added),
      isExact: counted.every((one) => one.isExact),
    };
  }

  private async measure(
    { original, toolsKey }: PromptOutline,
    { dialect }: EngineModel,
    limits: CountLimits,
  ) {
    const texts = toMeasuredTexts(original);
    const counted = await this.tokenizer.countAll(
      [texts.tools, texts.calls, texts.thinking, ...texts.contents],
      dialect,
      limits,
    );
    const [tools = 0, calls = 0, thinking = 0, ...contents] = counted.tokens;
    return {
      contentTokens: contents.reduce((sum, tokens) => sum + tokens, 0),
      shape: toPromptShape(original, toolsKey, texts, [tools, calls, thinking]),
    };
  }
}

interface EngineModel extends DialectFacts {
  costs: TemplateCosts;
}

const after = (milliseconds: number): Promise<undefined> =>
  new Promise((resolve) => {
    setTimeout(() => resolve(undefined), milliseconds).unref();
  });
