export type TagType =
  "open_call" | "close_call" | "open_function" | "close_function" | "open_parameter" | "close_parameter";

export interface Tag {
  type: TagType;
  /** What a function or parameter is called; empty for the others. */
  name: string;
  source: string;
}

/** The sources of all tokens in order are the text that was fed. */
export type Token = { type: "text"; source: string } | Tag;

export const isBlank = ({ source }: Token): boolean => source.trim() === "";

/** Blanks decide nothing before the first other character comes: they are tokens of their own. */
export function splitBlank(token: Token): Token[] {
  if (token.type !== "text") return [token];
  const { source } = token;
  const blank = source.length - source.trimStart().length;
  if (blank === 0 || blank === source.length) return [token];
  return [
    { type: "text", source: source.slice(0, blank) },
    { type: "text", source: source.slice(blank) },
  ];
}

const openTypes: Record<string, TagType> = { function: "open_function", parameter: "open_parameter" };
const closeTypes: Record<string, TagType> = {
  tool_call: "close_call",
  function: "close_function",
  // Qwen 3.6 writes this one too: https://github.com/QwenLM/Qwen3.8/issues/178
  function_invocation: "close_function",
  parameter: "close_parameter",
};
const openWords = ["tool_call", ...Object.keys(openTypes)];
const closeWords = Object.keys(closeTypes);

// `<function=Name>`, and what models make of it: quotes, blanks, a name attribute, a decorated closing tag.
const openCall = /<tool_call\s{0,8}>/y;
const openNamed =
  /<(function|parameter)(?:\s{0,8}=|\s{1,8}name\s{0,8}=)\s{0,8}("[^"<>\n]{1,128}"|'[^'<>\n]{1,128}'|[^"'<>=\s][^"'<>\n=]{0,127})\s{0,8}>/y;
const closeAny = /<\/(tool_call|function_invocation|function|parameter)(?:=[^<>\n]{0,128})?\s{0,8}>/y;

const beginning = /^<(\/?)([a-z_]*)([^<>]*)$/;
const beginningOfOpen =
  /^(?:\s{0,8}|\s{1,8}(?:n|na|nam|name\s{0,8})|(?:\s{0,8}|\s{1,8}name\s{0,8})=\s{0,8}[^<>\n]{0,130}\s{0,8})$/;
const beginningOfClose = /^(?:=[^<>\n]{0,128})?\s{0,8}$/;

/** Cuts a stream of text into the tags of tool calls and the text between. Holds back only what may be a tag's beginning. */
export class TagLexer {
  private held = "";

  feed(text: string): Token[] {
    const input = this.held + text;
    const tokens: Token[] = [];
    let textStart = 0;
    let at = input.indexOf("<");
    for (; at !== -1; at = input.indexOf("<", at)) {
      const tag = matchTag(input, at);
      if (tag) {
        pushText(tokens, input.slice(textStart, at));
        tokens.push(tag);
        at += tag.source.length;
        textStart = at;
      } else if (mayBeginTag(input, at)) break;
      else at += 1;
    }
    const end = at === -1 ? input.length : at;
    pushText(tokens, input.slice(textStart, end));
    this.held = input.slice(end);
    return tokens;
  }

  /** Gives up what is held: no tag will come of it. */
  flush(): Token[] {
    const tokens: Token[] = [];
    pushText(tokens, this.held);
    this.held = "";
    return tokens;
  }
}

function pushText(tokens: Token[], source: string): void {
  if (source !== "") tokens.push({ type: "text", source });
}

function matchTag(input: string, at: number): Tag | undefined {
  const call = matchAt(openCall, input, at);
  if (call) return { type: "open_call", name: "", source: call[0] };
  const [open, openWord = "", name = ""] = matchAt(openNamed, input, at) ?? [];
  const openType = openTypes[openWord];
  if (open !== undefined && openType) return { type: openType, name: unquote(name), source: open };
  const [close, closeWord = ""] = matchAt(closeAny, input, at) ?? [];
  const closeType = closeTypes[closeWord];
  return close !== undefined && closeType ? { type: closeType, name: "", source: close } : undefined;
}

function matchAt(pattern: RegExp, input: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(input);
}

const unquote = (name: string): string => (/^["']/.test(name) ? name.slice(1, -1) : name).trim();

const longestTag = 180;

function mayBeginTag(input: string, at: number): boolean {
  if (input.length - at > longestTag) return false;
  const [, slash, word = "", rest = ""] = beginning.exec(input.slice(at)) ?? [];
  if (slash === undefined) return false;
  const words = slash === "/" ? closeWords : openWords;
  if (rest === "") return words.some((known) => known.startsWith(word));
  if (!words.includes(word)) return false;
  if (slash === "/") return beginningOfClose.test(rest);
  return word === "tool_call" ? /^\s{0,8}$/.test(rest) : beginningOfOpen.test(rest);
}
