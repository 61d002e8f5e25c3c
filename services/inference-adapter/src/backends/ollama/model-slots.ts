/** Evaluations of fewer tokens say nothing of how fast a prompt is read. */
const fewestMeasured = 500;
/** How much longer than the slowest known evaluation a prompt may take. */
const slowerBy = 3;
/**
 * In tokens a second, where nothing was measured yet: a large model on a processor is hardly slower. Too little
 * patience costs a load of the model, not the answer.
 */
const slowestUnmeasured = 5;

/**
 * Ollama (0.17.4) may keep the slot of a generation that was broken off in the middle for good (ADR 8): whoever comes
 * next waits for ever, and nothing tells it from a long prompt. Of one model: whether that is to be feared, and for how
 * long its next answer may be silent all the same.
 */
export class ModelSlots {
  private isBrokenOff = false;
  /** Of requests that were given up before their first line: Ollama reads their prompts to the end. */
  private abandonedTokens = 0;
  private slowestMeasured: number | undefined;

  /** `slackMs`: what an answer may take besides its prompt. */
  constructor(private readonly slackMs: number) {}

  get areDoubtful(): boolean {
    return this.isBrokenOff;
  }

  /** A slot was there: a request had its first line, or the model was loaded anew. */
  noteUsable(): void {
    this.isBrokenOff = false;
    this.abandonedTokens = 0;
  }

  noteBrokenOff(): void {
    this.isBrokenOff = true;
  }

  noteAbandoned(promptTokens: number): void {
    this.abandonedTokens += promptTokens;
  }

  /** Of a prompt that was partly in Ollama's cache all tokens are counted, so the slowest says most. */
  noteEvaluated(tokens: number, seconds: number): void {
    if (tokens >= fewestMeasured && seconds > 0)
      this.slowestMeasured = Math.min(this.slowestMeasured ?? Infinity, tokens / seconds);
  }

  patienceMs(promptTokens: number): number {
    const seconds = (promptTokens + this.abandonedTokens) / this.slowestToExpect;
    return this.slackMs + seconds * 1000;
  }

  /** In tokens a second. */
  private get slowestToExpect(): number {
    return this.slowestMeasured === undefined ? slowestUnmeasured : this.slowestMeasured / slowerBy;
  }
}
