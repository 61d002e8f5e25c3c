import type { Tool } from "#anthropic/messages.js";
import type { CallDraft, CallReader, Ending, RescuedCall, Verdict } from "./call-reader.js";
import { coerceInput, hasRequired } from "./coerce-to-schema.js";
import type { InputDraft } from "./input-draft.js";
import { isJsonObject } from "./mend-json.js";
import { ParameterValue } from "./parameter-value.js";
import { isBlank, type Tag, type Token } from "./tag-lexer.js";
import { TemplateNewlines } from "./template-newlines.js";
import { TextAfterCall } from "./text-after-call.js";

export interface XmlCallOptions {
  tool: Tool;
  /** Everything up to and with `<function=Name>`. */
  opening: string;
  isMidLine: boolean;
  /** A second reading: a known parameter, or the function's end, may come before `</parameter>`. */
  isForgiving: boolean;
  isKnownTool: (this: void, name: string) => boolean;
  /** Gets what is certain while the call is being written. */
  draft?: InputDraft | undefined;
}

/**
 * qwen3-coder's `<function=Name>`, after its opening tag. A value ends at a `</parameter>` that closes nothing
 * inside it and has structure behind it, and goes on when a later one turns up that nothing else opened.
 */
export class XmlCallReader implements CallReader {
  source: string;
  unread: Token[] = [];
  private state: "begun" | "in_value" | "after_value" | "closed" | "after_call" = "begun";
  private readonly values: ParameterValue[] = [];
  private after = new TextAfterCall();
  private sawNewline = false;
  private newlines = new TemplateNewlines();

  constructor(private readonly options: XmlCallOptions) {
    this.source = options.opening;
  }

  get draft(): CallDraft | undefined {
    const { draft, isMidLine, tool } = this.options;
    return draft && (!isMidLine || this.sawNewline) ? { name: tool.name, input: draft } : undefined;
  }

  get hasRequired(): boolean {
    return hasRequired(this.input(), this.options.tool.input_schema);
  }

  read(token: Token): Verdict {
    switch (this.state) {
      case "begun":
        return this.readBegun(token);
      case "in_value":
        return this.readInValue(token, this.value);
      case "after_value":
        return this.readAfterValue(token, this.value);
      case "closed":
        return this.readClosed(token);
      case "after_call":
        return this.readAfterCall(token, this.value);
    }
  }

  end(ending: Ending): "call" | "text" | "damaged" {
    switch (this.state) {
      case "begun":
        return "text";
      case "in_value":
        return this.endInValue(ending);
      case "after_value":
        return ending !== "cut" && (this.hasRequired || this.options.draft?.isTaken) ? "call" : "text";
      case "closed":
      case "after_call":
        this.unread = this.after.tokens;
        return "call";
    }
  }

  toCall(): RescuedCall {
    const { name, input_schema } = this.options.tool;
    return { kind: "qwen3_xml", name, input: coerceInput(this.input(), input_schema), source: this.source };
  }

  /** The same call once more, to be read again from its first token. */
  forgiving(): XmlCallReader {
    return new XmlCallReader({ ...this.options, isForgiving: true, draft: undefined });
  }

  private get value(): ParameterValue {
    const value = this.values.at(-1);
    if (!value) throw new Error("No parameter was read");
    return value;
  }

  private readBegun(token: Token): Verdict {
    if (token.type === "open_parameter") return this.beginValue(token);
    if (token.type === "text" && isBlank(token)) return this.take(token);
    if (token.type !== "close_function" && token.type !== "close_call") return this.leave("text", [token]);
    this.state = "closed";
    return this.take(token);
  }

  private beginValue(tag: Tag): Verdict {
    this.options.draft?.close(this.values.at(-1)?.text);
    this.options.draft?.begin(tag.name);
    this.newlines = new TemplateNewlines();
    this.values.push(new ParameterValue(tag.name));
    this.state = "in_value";
    return this.take(tag);
  }

  private readInValue(token: Token, value: ParameterValue): Verdict {
    if (token.type === "text" || this.isInside(token, value)) {
      if (token.type === "open_parameter" && this.beginsNext(token, value)) return this.beginValue(token);
      if (token.type === "text") this.options.draft?.add(this.newlines.strip(token.source));
      else this.options.draft?.freeze();
      value.add(token.source);
      return this.take(token);
    }
    if (token.type === "close_parameter") {
      value.close(token.source);
      this.state = "after_value";
      return this.take(token);
    }
    if (this.options.isForgiving && !value.hasStrayCloser) return this.close(token, value);
    this.options.draft?.freeze();
    value.hasStrayCloser = true;
    value.add(token.source);
    return this.take(token);
  }

  /** Whether the tag opens something in the value, or closes what the value opened. */
  private isInside(tag: Tag, { nesting }: ParameterValue): boolean {
    const isMention = tag.type === "open_parameter" && this.options.isForgiving && !nesting.has("function");
    return isMention || nesting.read(tag);
  }

  /** In a second reading: a parameter that the tool knows and that has not come yet, outside of a shown call. */
  private beginsNext({ name }: Tag, { nesting, hasStrayCloser }: ParameterValue): boolean {
    if (!this.options.isForgiving || hasStrayCloser || nesting.has("function")) return false;
    const properties = this.options.tool.input_schema?.properties;
    const isKnown = isJsonObject(properties) && Object.hasOwn(properties, name);
    return isKnown && this.values.every((value) => value.name !== name);
  }

  private readAfterValue(token: Token, value: ParameterValue): Verdict {
    switch (token.type) {
      case "open_parameter":
        return this.beginValue(token);
      case "close_parameter":
        this.options.draft?.freeze();
        value.closeAgain(token.source);
        return this.take(token);
      case "close_function":
      case "close_call":
        return this.close(token, value);
      case "open_call":
      case "open_function":
        return this.leave("call", [token]);
      case "text":
        if (!isBlank(token)) return this.resume(token, value);
        value.suspend(token.source);
        return this.take(token);
    }
  }

  private close(tag: Tag, value: ParameterValue): Verdict {
    this.state = "closed";
    value.callClosers += 1;
    value.suspend(tag.source);
    return this.take(tag);
  }

  private readClosed(token: Token): Verdict {
    if (token.type === "open_call" || token.type === "open_function") return this.leave("call", [token]);
    const value = this.values.at(-1);
    const isCloser = token.type === "close_function" || token.type === "close_call";
    if (isCloser || (token.type === "text" && isBlank(token))) {
      if (value && isCloser) value.callClosers += 1;
      value?.suspend(token.source);
      return this.take(token);
    }
    // All on one line of prose it is mentioned, not made.
    if (this.options.isMidLine && !this.sawNewline) return this.leave("text", [token]);
    if (!value) return this.leave("call", [token]);
    // `</function>` alone, in a second reading, was the value's own.
    if (!value.isClosed && value.callClosers < 2) return this.resume(token, value);
    this.state = "after_call";
    return this.readAfterCall(token, value);
  }

  private readAfterCall(token: Token, value: ParameterValue): Verdict {
    switch (this.after.read(token, this.options.isKnownTool)) {
      case "text":
        return "open";
      case "next_call":
        return this.leave("call", this.after.tokens);
      case "value":
        return this.reopen(value);
    }
  }

  /** The closing tags before were the value's own: it ended only here. */
  private reopen(value: ParameterValue): Verdict {
    const { inside, closer, last } = this.after.split();
    this.after = new TextAfterCall();
    value.suspend(inside);
    value.reopen();
    value.close(closer);
    this.source += inside + closer;
    this.state = "after_value";
    return this.readAfterValue(last, value);
  }

  private resume(token: Token, value: ParameterValue): Verdict {
    this.options.draft?.freeze();
    value.reopen();
    value.hasStrayCloser = true;
    this.state = "in_value";
    return this.readInValue(token, value);
  }

  private endInValue(ending: Ending): "call" | "text" | "damaged" {
    if (!this.options.isForgiving) return ending === "cut" ? "text" : "damaged";
    const { hasStrayCloser, nesting } = this.value;
    const isWhole = ending === "finished" && !hasStrayCloser && nesting.isEmpty && this.hasRequired;
    return isWhole ? "call" : "text";
  }

  /** Of a parameter that came twice the last value counts. */
  private input(): Record<string, string> {
    return Object.fromEntries(this.values.map(({ name, text }) => [name, text]));
  }

  private take({ source }: Token): Verdict {
    this.sawNewline ||= source.includes("\n");
    this.source += source;
    return "open";
  }

  private leave(verdict: "call" | "text", unread: Token[]): Verdict {
    this.unread = unread;
    return verdict;
  }
}
