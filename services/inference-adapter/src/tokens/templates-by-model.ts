import { LRUCache } from "lru-cache";
import type { ServedModel } from "../backends/inference-backend.js";
import type { PromptSource } from "./prompt-source.js";
import { PromptTemplates } from "./prompt-templates.js";

const modelsHeld = 4;

/** What each model's template was seen to do; names move, so by digest. Shared by whoever counts and whoever renders. */
export class TemplatesByModel {
  private readonly known = new LRUCache<string, PromptTemplates>({ max: modelsHeld });

  constructor(private readonly source: PromptSource) {}

  of({ digest }: ServedModel): PromptTemplates {
    const known = this.known.get(digest) ?? new PromptTemplates(this.source);
    this.known.set(digest, known);
    return known;
  }
}
