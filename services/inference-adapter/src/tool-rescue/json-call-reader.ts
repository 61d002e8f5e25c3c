import type { CallDraft, CallReader, Ending, RescuedCall, Verdict } from "./call-reader.js";
import { coerceInput } from "./coerce-to-schema.js";
import type { ToolFinder } from "./find-tool.js";
import { JsonBoundary } from "./json-boundary.js";
import { JsonInputDraft } from "./json-input-draft.js";
import type { Tag, TagType, Token } from "./tag-lexer.js";
import { beginsBareCall, toJsonCall, type JsonCall } from "./to-json-call.js";

export interface JsonCallOptions {
  /** The text before the object that belongs to the call. */
  opening: string;
  /** `<tool_call>` came before it. */
  isWrapped: boolean;
  /** Nothing else was answered before it. */
  isFirst: boolean;
  isMidLine: boolean;
  /** Whether to tell what is certain while the call is being written. */
  drafts: boolean;
}

const mostSurplus = 8;
/** Tags that end a call, or begin the next one. */
const endTags = new Set<TagType>(["close_call", "close_function", "open_call", "open_function"]);

/**
 * A call that is a JSON object: between Hermes' tags, with the closing tag only, or bare. Bare it must be the
 * whole answer.
 */
export class JsonCallReader implements CallReader {
  source: string;
  unread: Token[] = [];
  private readonly boundary = new JsonBoundary();
  private object = "";
  private isObjectRead = false;
  private isSurelyBegun: boolean;
  private call: JsonCall | undefined;
  private wasClosed = false;
  /** Brackets too many, which only a closing tag makes part of the call. */
  private surplus = "";
  private readonly drafted: JsonInputDraft | undefined;

  constructor(
    private readonly finder: ToolFinder,
    private readonly options: JsonCallOptions,
  ) {
    this.source = options.opening;
    this.isSurelyBegun = options.isWrapped;
    if (options.drafts && options.isWrapped) this.drafted = new JsonInputDraft(finder);
  }

  get draft(): CallDraft | undefined {
    const { name = "", input } = this.drafted ?? {};
    return input && !this.isMention ? { name, input } : undefined;
  }

  /** The next object belongs to the same `<tool_call>`. */
  get isWrapperOpen(): boolean {
    return this.options.isWrapped && !this.wasClosed;
  }

  read(token: Token): Verdict {
    if (this.call) return token.type === "text" ? this.readTextAfter(token) : this.readTagAfter(token);
    if (token.type !== "text" && !this.boundary.isInString) return this.endEarly(token);
    return this.readObject(token.source);
  }

  end(ending: Ending): "call" | "text" {
    const isWhole = ending === "finished";
    if (!this.call && isWhole && this.options.isWrapped && !this.boundary.isInString)
      this.parse({ mayLackClosers: true });
    const isAlone = isWhole && this.options.isFirst && this.surplus === "";
    this.source += this.isObjectRead ? this.surplus : this.object;
    return this.call && (this.isTagged || isAlone) ? "call" : "text";
  }

  toCall(): RescuedCall {
    if (!this.call) throw new Error("No call was read");
    const { tool, input } = this.call;
    return {
      kind: this.isTagged ? "hermes_json" : "bare_json",
      name: tool.name,
      input: coerceInput(input, tool.input_schema),
      source: this.source,
    };
  }

  private get isTagged(): boolean {
    return this.options.isWrapped || this.wasClosed;
  }

  private readObject(text: string): Verdict {
    const { length, isEnd, isTooDeep } = this.boundary.scan(text);
    this.object += text.slice(0, length);
    this.drafted?.add(text.slice(0, length));
    const rest = text.slice(length);
    if (!this.mayBeCall()) return this.leaveBrace(rest);
    if (isTooDeep || (isEnd && !this.parse())) {
      this.source += this.object;
      return this.leave("text", rest);
    }
    if (!isEnd) return "open";
    this.source += this.object;
    this.isObjectRead = true;
    return rest === "" ? "open" : this.read({ type: "text", source: rest });
  }

  private mayBeCall(): boolean {
    if (this.isSurelyBegun) return true;
    const begins = beginsBareCall(this.object, this.finder);
    this.isSurelyBegun = begins === true;
    return begins !== false;
  }

  /** No call begins so: only the brace is known to be text. */
  private leaveBrace(rest: string): Verdict {
    this.source += this.object.slice(0, 1);
    return this.leave("text", this.object.slice(1) + rest);
  }

  private parse({ mayLackClosers = false } = {}): boolean {
    this.call = toJsonCall(this.object, this.finder, { isBare: !this.options.isWrapped, mayLackClosers });
    return this.call !== undefined;
  }

  /** A tag where JSON has none: the closing brackets may be missing before the call's end, or before the next call. */
  private endEarly(tag: Tag): Verdict {
    const isEnd = endTags.has(tag.type);
    this.source += this.object;
    if (isEnd && this.parse({ mayLackClosers: true })) {
      this.isObjectRead = true;
      return this.readTagAfter(tag);
    }
    this.unread = [tag];
    return "text";
  }

  private readTextAfter({ source }: Token): Verdict {
    const text = this.surplus === "" ? source.trimStart() : source;
    this.source += source.slice(0, source.length - text.length);
    const [brackets = ""] = /^[\s}\]]*/.exec(text) ?? [];
    this.surplus += brackets;
    const rest = text.slice(brackets.length);
    if (rest === "" && this.surplus.length <= mostSurplus) return "open";
    return this.leave(this.isTagged && !this.isMention ? "call" : "text", this.surplus + rest);
  }

  /** All on one line of prose it is mentioned, not made. */
  private get isMention(): boolean {
    return this.options.isMidLine && !this.source.includes("\n");
  }

  private readTagAfter(tag: Tag): Verdict {
    if (tag.type === "close_call" || tag.type === "close_function") {
      this.source += this.surplus + tag.source;
      this.surplus = "";
      this.wasClosed = true;
      return "open";
    }
    const verdict = this.leave(this.isTagged ? "call" : "text", this.surplus);
    this.unread.push(tag);
    return verdict;
  }

  private leave(verdict: "call" | "text", rest: string): Verdict {
    this.unread = rest === "" ? [] : [{ type: "text", source: rest }];
    return verdict;
  }
}
