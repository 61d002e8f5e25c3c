import type { ToolFinder } from "./find-tool.js";
import { InputDraft } from "./input-draft.js";
import { parseStrictly } from "./mend-json.js";

const head = /^\{\s*"name"\s*:\s*"([^"\\]+)"\s*,\s*"arguments"\s*:\s*\{/;
const longestHead = 300;
const plainCharacters = /[^"\\]*/y;
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const longestEscape = 6;

type State = "head" | "name" | "colon" | "value" | "text" | "other" | "after" | "over";

/**
 * What is certain of a JSON call's input while the call is being written. Reads well-formed JSON only: at
 * anything else it stops, and the rest comes with the whole call.
 */
export class JsonInputDraft {
  name = "";
  input: InputDraft | undefined;
  private state: State = "head";
  private rest = "";
  private member = "";
  private text = "";
  private depth = 0;
  private isInString = false;
  private isEscaped = false;

  constructor(private readonly finder: ToolFinder) {}

  add(piece: string): void {
    if (this.state === "over") return;
    this.rest += piece;
    while (this.step());
  }

  /** @returns whether there may be more to read in what is there */
  private step(): boolean {
    switch (this.state) {
      case "head":
        return this.readHead();
      case "name":
        return this.readName();
      case "colon":
        return this.take(/^\s*:/) !== undefined ? this.go("value") : this.waitOrStop(/^\s*$/);
      case "value":
        return this.beginValue();
      case "text":
        return this.readText();
      case "other":
        return this.readOther();
      case "after":
        return this.take(/^\s*,/) !== undefined ? this.go("name") : this.waitOrStop(/^\s*$/);
      case "over":
        return false;
    }
  }

  private readHead(): boolean {
    const found = head.exec(this.rest);
    if (!found) return this.rest.length > longestHead ? this.stop() : false;
    const tool = this.finder.meant((found[1] ?? "").trim());
    if (!tool) return this.stop();
    this.name = tool.name;
    this.input = new InputDraft(tool.input_schema);
    this.rest = this.rest.slice(found[0].length);
    return this.go("name");
  }

  private readName(): boolean {
    const quoted = this.take(/^\s*"[^"\\]*"/);
    if (quoted === undefined) return this.waitOrStop(/^\s*(?:"[^"\\]*)?$/);
    this.member = quoted.trim().slice(1, -1);
    return this.go("colon");
  }

  private beginValue(): boolean {
    this.take(/^\s+/);
    if (this.rest === "") return false;
    const isText = this.input?.begin(this.member, this.rest.startsWith('"')) ?? false;
    this.text = "";
    this.depth = 0;
    this.isInString = this.isEscaped = false;
    if (!isText) return this.go("other");
    this.rest = this.rest.slice(1);
    return this.go("text");
  }

  private readText(): boolean {
    plainCharacters.lastIndex = 0;
    const [plain = ""] = plainCharacters.exec(this.rest) ?? [];
    this.write(plain);
    const after = this.rest.slice(plain.length);
    this.rest = after;
    if (after === "") return false;
    if (after.startsWith('"')) {
      this.rest = after.slice(1);
      this.input?.close(this.text);
      return this.go("after");
    }
    escape.lastIndex = 0;
    const [escaped] = escape.exec(after) ?? [];
    if (escaped === undefined)
      return after.startsWith("\\") && after.length < longestEscape ? false : this.stop();
    this.write(JSON.parse(`"${escaped}"`) as string);
    this.rest = after.slice(escaped.length);
    return true;
  }

  private write(text: string): void {
    this.text += text;
    this.input?.add(text);
  }

  /** A number, a list, an object …: up to the comma or bracket that ends it. Looks at every character once. */
  private readOther(): boolean {
    const end = this.findEnd(this.rest);
    this.text += this.rest.slice(0, end);
    this.rest = end === undefined ? "" : this.rest.slice(end);
    if (end === undefined) return false;
    const value = parseStrictly(this.text);
    if (value === undefined) return this.stop();
    this.input?.close(value);
    return this.go("after");
  }

  private findEnd(text: string): number | undefined {
    for (let at = 0; at < text.length; at++) {
      const character = text[at] ?? "";
      if (this.isEscaped) this.isEscaped = false;
      else if (this.isInString) {
        this.isEscaped = character === "\\";
        this.isInString = character !== '"';
      } else if (character === '"') this.isInString = true;
      else if (character === "{" || character === "[") this.depth += 1;
      else if (this.depth === 0 && ",}]".includes(character)) return at;
      else if (character === "}" || character === "]") this.depth -= 1;
    }
    return undefined;
  }

  private take(pattern: RegExp): string | undefined {
    const [taken] = pattern.exec(this.rest) ?? [];
    if (taken !== undefined) this.rest = this.rest.slice(taken.length);
    return taken;
  }

  private go(state: State): boolean {
    this.state = state;
    return true;
  }

  private waitOrStop(mayGoOn: RegExp): boolean {
    return this.rest.length <= longestHead && mayGoOn.test(this.rest) ? false : this.stop();
  }

  private stop(): boolean {
    this.input?.freeze();
    this.rest = "";
    return this.go("over") && false;
  }
}
