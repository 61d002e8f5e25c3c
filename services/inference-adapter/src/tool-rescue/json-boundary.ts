import { deepestJson } from "./mend-json.js";

const special = /["'{}[\]]/g;
const quoteOrEscape = { '"': /["\\]/g, "'": /['\\]/g };

/** Finds where a JSON object ends that comes in pieces. Looks at every character once. */
export class JsonBoundary {
  private depth = 0;
  private quote: '"' | "'" | undefined;
  private isEscaped = false;

  get isInString(): boolean {
    return this.quote !== undefined;
  }

  /** How much of the text belongs to the object, and whether it ends there or is nested deeper than any call is. */
  scan(text: string): { length: number; isEnd: boolean; isTooDeep: boolean } {
    let at = 0;
    while (at < text.length) {
      if (this.quote) {
        at = this.scanString(text, at, this.quote);
        continue;
      }
      special.lastIndex = at;
      const found = special.exec(text);
      if (!found) break;
      at = found.index + 1;
      const isEnd = this.enter(found[0]);
      const isTooDeep = this.depth > deepestJson;
      if (isEnd || isTooDeep) return { length: at, isEnd, isTooDeep };
    }
    return { length: text.length, isEnd: false, isTooDeep: false };
  }

  /** @returns whether the object ends with this character */
  private enter(character: string): boolean {
    if (character === '"' || character === "'") this.quote = character;
    else this.depth += character === "{" || character === "[" ? 1 : -1;
    return this.quote === undefined && this.depth <= 0;
  }

  private scanString(text: string, start: number, quote: '"' | "'"): number {
    if (this.isEscaped) {
      this.isEscaped = false;
      return start + 1;
    }
    const pattern = quoteOrEscape[quote];
    pattern.lastIndex = start;
    const found = pattern.exec(text);
    if (!found) return text.length;
    if (found[0] === "\\") this.isEscaped = true;
    else this.quote = undefined;
    return found.index + 1;
  }
}
