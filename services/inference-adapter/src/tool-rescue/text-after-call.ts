import { Nesting } from "./nesting.js";
import { ProseContext } from "./prose-context.js";
import type { Token } from "./tag-lexer.js";

/**
 * Text behind the closing tags of a call. It is prose, unless it shows that the tags belonged to a value, as
 * in a file about this very format: then a `</parameter>` comes that nothing here opened, with structure
 * behind it.
 */
export class TextAfterCall {
  readonly tokens: Token[] = [];
  private readonly nesting = new Nesting();
  private readonly prose = new ProseContext();
  private closerAt: number | undefined;

  read(token: Token, isKnownTool: (name: string) => boolean): "text" | "next_call" | "value" {
    this.tokens.push(token);
    if (this.closerAt !== undefined) {
      if (token.type === "close_parameter" || (token.type === "text" && token.source.trim() === ""))
        return "text";
      if (token.type !== "text" && token.type !== "open_call" && token.type !== "open_function")
        return "value";
      this.closerAt = undefined;
    }
    if (token.type !== "text") {
      const beginsCall =
        token.type === "open_call" || (token.type === "open_function" && isKnownTool(token.name));
      if (beginsCall && this.prose.allowsCall) return "next_call";
      if (!this.nesting.read(token) && token.type === "close_parameter")
        this.closerAt = this.tokens.length - 1;
    }
    this.prose.read(token.source);
    return "text";
  }

  /** After `value`: what belongs to the value, the tag that ends it with the blanks behind, and the last token. */
  split(): { inside: string; closer: string; last: Token } {
    const { tokens, closerAt = tokens.length } = this;
    const last = tokens.at(-1);
    if (!last) throw new Error("Nothing was read");
    return { inside: join(tokens.slice(0, closerAt)), closer: join(tokens.slice(closerAt, -1)), last };
  }
}

const join = (tokens: Token[]): string => tokens.map(({ source }) => source).join("");
