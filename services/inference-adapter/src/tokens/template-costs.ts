import { solve } from "./solve.js";

/** What a template adds to the contents of a prompt, learned from prompts whose whole length is known. */
export class TemplateCosts {
  private readonly precision = priors.map(({ spread }, row) =>
    priors.map((_, column) => (row === column ? 1 / spread ** 2 : 0)),
  );
  private readonly evidence = priors.map(({ cost, spread }) => cost / spread ** 2);
  private costs: number[] = priors.map(({ cost }) => cost);
  private squares = priors.reduce((sum, { cost, spread }) => sum + (cost / spread) ** 2, 0);
  private readonly toolLists = new Map<string, number>();

  estimate(shape: PromptShape): number {
    const offset = shape.toolsKey === "" ? 0 : (this.toolLists.get(shape.toolsKey) ?? 0);
    return Math.max(0, Math.round(this.predict(shape) + offset));
  }

  /** `tokens`: the whole prompt without its contents. */
  learn(shape: PromptShape, tokens: number): void {
    this.squares += (tokens / noise) ** 2;
    shape.counts.forEach((x, row) => {
      shape.counts.forEach((y, column) => (this.precision[row]![column]! += (x * y) / noise ** 2));
      this.evidence[row]! += (x * tokens) / noise ** 2;
    });
    this.costs = solve(this.precision, this.evidence);
    if (shape.toolsKey === "") return;
    if (this.toolLists.size >= mostToolLists) this.toolLists.clear();
    this.toolLists.set(shape.toolsKey, tokens - this.predict(shape));
  }

  /** How badly the best costs fit what was learned: of two tokenizers the right one has the smaller misfit. */
  get misfit(): number {
    return this.costs.reduce((rest, cost, row) => rest - cost * this.evidence[row]!, this.squares);
  }

  private predict({ counts }: PromptShape): number {
    return counts.reduce((sum, count, index) => sum + count * this.costs[index]!, 0);
  }
}

/** What a template's cost depends on. */
export interface PromptShape {
  /** In the order of `priors`. */
  counts: number[];
  toolsKey: string;
}

const mostToolLists = 500;
const noise = 3;

/** What templates usually add, in tokens, and how much they differ. */
const priors: { of: string; cost: number; spread: number }[] = [
  { of: "every prompt", cost: 5, spread: 20 },
  { of: "a system message", cost: 4, spread: 4 },
  { of: "a user message", cost: 4, spread: 4 },
  { of: "an assistant message", cost: 4, spread: 4 },
  { of: "a tool message", cost: 6, spread: 6 },
  { of: "having tools", cost: 100, spread: 100 },
  { of: "a tool", cost: 0, spread: 30 },
  { of: "a token of the tools' JSON", cost: 1, spread: 0.3 },
  { of: "a tool call", cost: 12, spread: 10 },
  { of: "a token of the calls' JSON", cost: 1, spread: 0.3 },
  { of: "a character of JSON that Go writes as \\u003c", cost: 0, spread: 3 },
  { of: "a token of thinking", cost: 0.5, spread: 0.5 },
];
