import { splitBlank, type Token } from "./tag-lexer.js";
import type { XmlCallReader } from "./xml-call-reader.js";

/** What a call was read from, to be read again. */
export class TokenLog {
  readonly tokens: Token[] = [];

  add(token: Token): void {
    const last = this.tokens.at(-1);
    if (token.type === "text" && last?.type === "text")
      this.tokens[this.tokens.length - 1] = { type: "text", source: last.source + token.source };
    else this.tokens.push(token);
  }
}

/**
 * For a call that lacks what its tool requires, as where a value swallowed the next parameter: the same
 * tokens read forgivingly, if that makes it whole and leaves nothing else over.
 */
export function readAgain(first: XmlCallReader, tokens: Token[]): XmlCallReader {
  if (first.hasRequired) return first;
  const second = first.forgiving();
  const parts = tokens.flatMap(splitBlank);
  const decidedAt = parts.findIndex((token) => second.read(token) !== "open");
  const isCall = decidedAt === -1 ? second.end("stopped") === "call" : decidedAt === parts.length - 1;
  return isCall && second.hasRequired ? second : first;
}
