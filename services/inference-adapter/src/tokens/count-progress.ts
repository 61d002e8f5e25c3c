import type { Stretch } from "./to-batches.js";

/** Tokens of each text, as if it stood alone; BOS and EOS are not among them. */
export interface TextCounts {
  tokens: number[];
  /** False: a text was cut where it may not be, or its end was estimated. */
  isExact: boolean;
}

/** Sums up the counts of stretches. */
export class CountProgress {
  sum = 0;
  private isExact = true;
  private readonly tokens: number[];
  private readonly lengths: number[];

  constructor(private readonly texts: string[]) {
    this.tokens = texts.map(() => 0);
    this.lengths = texts.map(() => 0);
  }

  get isBegun(): boolean {
    return this.lengths.some((length) => length > 0);
  }

  add(stretches: Stretch[], counts: number[]): void {
    stretches.forEach(({ index, text, isCutSafely }, place) => {
      this.sum += counts[place]!;
      this.tokens[index]! += counts[place]!;
      this.lengths[index]! += text.length;
      if (!isCutSafely) this.isExact = false;
    });
  }

  /** What is not counted has as many tokens a character as what is. */
  estimateRest(): TextCounts {
    const density = this.sum / this.lengths.reduce((sum, length) => sum + length, 0);
    const tokens = this.tokens.map(
      (counted, index) => counted + Math.ceil((this.texts[index]!.length - this.lengths[index]!) * density),
    );
    return { tokens, isExact: false };
  }

  end(): TextCounts {
    return { tokens: this.tokens, isExact: this.isExact };
  }
}
