import type { Tool } from "#anthropic/messages.js";
import type { CallDraft, CallReader, Ending, RescuedCall } from "./call-reader.js";
import { findBareJson } from "./find-bare-json.js";
import { createToolFinder, type ToolFinder } from "./find-tool.js";
import { JsonCallReader } from "./json-call-reader.js";
import { InputDraft } from "./input-draft.js";
import { ProseContext } from "./prose-context.js";
import { splitBlank, TagLexer, type Tag, type Token } from "./tag-lexer.js";
import { readAgain, TokenLog } from "./second-reading.js";
import { longestHead } from "./to-json-call.js";
import { XmlCallReader } from "./xml-call-reader.js";

export type ScannedPiece =
  | { type: "text"; text: string }
  | { type: "call"; call: RescuedCall; begun?: CallDraft }
  /** More of the input of a call that is being written, as JSON. A `call` with what it has `begun` follows, or `broken`. */
  | { type: "draft"; name: string; json: string }
  /** The call that was begun is none: it was cut, or ends in the middle of a value. */
  | { type: "broken"; name: string; source: string };

export interface ScannerOptions {
  /** Calls are told while they are being written. */
  drafts?: boolean;
}

/**
 * Finds the tool calls in what a model writes: qwen3-coder's XML, Hermes' JSON, bare JSON. All pieces together
 * are the text that went in, byte for byte, however it was cut. Prose comes out as soon as it cannot begin a
 * call; text behind a call waits for the end or the next call, for it may still be the call's last value.
 */
export class ToolCallScanner {
  private readonly finder: ToolFinder;
  private readonly lexer = new TagLexer();
  private prose = new ProseContext();
  private reader: CallReader | undefined;
  private log = new TokenLog();
  private isForgiving = false;
  /** Blanks at the start of a block and `<tool_call>`, until it is clear what they begin. */
  private opening = "";
  private isWrapped = false;
  private isMidLine = false;
  private isAtStart = true;
  private isFirst = true;
  /** Tokens to be read, the next one last. */
  private readonly queue: Token[] = [];
  private pieces: ScannedPiece[] = [];
  /** What was told of the call that is being read. */
  private begun: CallDraft | undefined;

  constructor(
    tools: Tool[],
    private readonly options: ScannerOptions = {},
  ) {
    this.finder = createToolFinder(tools);
  }

  feed(text: string): ScannedPiece[] {
    this.readAll(this.lexer.feed(text));
    if (this.prose.isInFence && !this.reader) this.readAll(this.lexer.flush());
    this.tellDraft();
    return this.takePieces();
  }

  /** Decides on what is held. More text may follow, as after a call that came in another way. */
  end(ending: Ending): ScannedPiece[] {
    this.readAll(this.lexer.flush());
    this.endReader(ending);
    this.releaseOpening();
    this.isAtStart = true;
    if (ending === "stopped") this.isFirst = false;
    this.prose = new ProseContext();
    return this.takePieces();
  }

  private readAll(tokens: Token[]): void {
    this.queueAll(tokens);
    for (let token = this.queue.pop(); token; token = this.queue.pop())
      if (this.reader) this.readInCall(this.reader, token);
      else if (token.type === "text") this.readText(token.source);
      else this.readTag(token);
  }

  private queueAll(tokens: Token[]): void {
    for (const token of tokens.toReversed())
      for (const part of splitBlank(token).toReversed()) this.queue.push(part);
  }

  private readTag(tag: Tag): void {
    const tool =
      tag.type === "open_function" || (tag.type === "open_parameter" && this.isWrapped)
        ? this.finder.meant(tag.name)
        : undefined;
    const mayOpen = this.isWrapped || this.prose.allowsCall;
    if (!mayOpen || (!tool && tag.type !== "open_call")) return this.writeProse(tag.source);
    if (!this.isWrapped) this.isMidLine = this.prose.isMidLine;
    if (!tool) {
      this.opening += tag.source;
      this.isWrapped = true;
      return;
    }
    this.beginXml(tool, tag);
  }

  private beginXml(tool: Tool, tag: Tag): void {
    const { isMidLine, isForgiving } = this;
    const opening = this.takeOpening() + tag.source;
    const isKnownTool = (name: string) => this.finder.meant(name) !== undefined;
    const draft = this.options.drafts && !isForgiving ? new InputDraft(tool.input_schema) : undefined;
    this.reader = new XmlCallReader({ tool, opening, isMidLine, isForgiving, isKnownTool, draft });
    this.log = new TokenLog();
  }

  private readText(text: string): void {
    if (text.trim() === "" && (this.isWrapped || this.isAtStart)) {
      this.opening += text;
      return;
    }
    if (this.isWrapped && text.startsWith("{")) return this.beginJson(text);
    if (this.isWrapped) this.releaseOpening();
    const start = findBareJson(text, this.prose);
    if (start !== 0) this.writeProse(start === undefined ? text : text.slice(0, start));
    if (start !== undefined) this.beginJson(text.slice(start));
  }

  private beginJson(text: string): void {
    const { isFirst, isWrapped } = this;
    const isMidLine = isWrapped && this.isMidLine;
    const opening = this.takeOpening();
    const { drafts = false } = this.options;
    this.reader = new JsonCallReader(this.finder, { opening, isWrapped, isFirst, isMidLine, drafts });
    // Its first characters by themselves: most objects turn out to be something else there.
    const [head, rest] = [text.slice(0, longestHead), text.slice(longestHead)];
    if (rest !== "") this.queue.push({ type: "text", source: rest });
    this.queue.push({ type: "text", source: head });
  }

  private readInCall(reader: CallReader, token: Token): void {
    if (reader instanceof XmlCallReader) this.log.add(token);
    const verdict = reader.read(token);
    if (verdict !== "open") this.settle(reader, verdict);
  }

  private settle(read: CallReader, verdict: "call" | "text"): void {
    const isWorthAgain = verdict === "call" && read instanceof XmlCallReader && !this.isForgiving;
    const reader = isWorthAgain ? readAgain(read, this.log.tokens) : read;
    const { begun } = this;
    this.reader = this.begun = undefined;
    if (verdict === "call") {
      this.pieces.push({ type: "call", call: reader.toCall(), ...(begun ? { begun } : {}) });
      this.prose = new ProseContext();
      this.isAtStart = true;
      this.isFirst = false;
      this.isWrapped = reader instanceof JsonCallReader && reader.isWrapperOpen;
    } else if (begun) this.breakOff(begun, reader.source);
    else this.writeProse(reader.source);
    this.queueAll(reader.unread);
  }

  private endReader(ending: Ending): void {
    for (let { reader } = this; reader; { reader } = this) {
      const verdict = reader.end(ending);
      if (verdict === "damaged" && reader instanceof XmlCallReader) {
        const { tokens } = this.log;
        this.log = new TokenLog();
        this.isForgiving = true;
        this.reader = reader.forgiving();
        this.readAll(tokens);
      } else {
        this.settle(reader, verdict === "call" ? "call" : "text");
        this.readAll([]);
      }
    }
    this.isForgiving = false;
  }

  private tellDraft(): void {
    const draft = this.reader?.draft;
    const json = draft?.input.take() ?? "";
    if (!draft || json === "") return;
    this.begun = draft;
    this.pieces.push({ type: "draft", name: draft.name, json });
  }

  private takeOpening(): string {
    const { opening } = this;
    this.opening = "";
    this.isWrapped = false;
    return opening;
  }

  private releaseOpening(): void {
    const opening = this.takeOpening();
    if (opening !== "") this.writeProse(opening);
  }

  private breakOff({ name }: CallDraft, source: string): void {
    this.pieces.push({ type: "broken", name, source });
    this.noteProse(source);
  }

  private writeProse(text: string): void {
    const whole = this.takeOpening() + text;
    const last = this.pieces.at(-1);
    if (last?.type === "text") last.text += whole;
    else this.pieces.push({ type: "text", text: whole });
    this.noteProse(whole);
  }

  private noteProse(text: string): void {
    this.prose.read(text);
    this.isAtStart = false;
    this.isFirst = false;
  }

  private takePieces(): ScannedPiece[] {
    const { pieces } = this;
    this.pieces = [];
    return pieces;
  }
}
