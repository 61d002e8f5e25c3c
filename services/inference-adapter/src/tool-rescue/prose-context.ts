const fenceLine = /^([ \t>]*)(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(`{3,}|~{3,})(.*)$/s;
const indentedLine = /^(?: {4}| {0,3}\t)\s*$/;
/** How much of a line's beginning is looked at. */
const lineHead = 256;

/**
 * Where in a Markdown text its end stands: in a code fence, in inline code, in an indented block, or where a
 * call may begin. Fences as CommonMark has them, in quotes and list items too; one that is never closed goes
 * on to the end.
 */
export class ProseContext {
  private fence: { mark: string; indent: number } | undefined;
  private line = "";
  private backticks = 0;
  private inlineMark = 0;

  copy(): ProseContext {
    return Object.assign(new ProseContext(), this);
  }

  read(text: string): void {
    let start = 0;
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
      this.readInLine(text.slice(start, end));
      this.endLine();
      start = end + 1;
    }
    this.readInLine(text.slice(start));
  }

  get isInFence(): boolean {
    return this.fence !== undefined;
  }

  get isMidLine(): boolean {
    return this.line.trim() !== "";
  }

  get allowsCall(): boolean {
    if (this.fence || indentedLine.test(this.line)) return false;
    return !opensFence(this.line) && markAfter(this.inlineMark, this.backticks) === 0;
  }

  private readInLine(text: string): void {
    if (this.line.length < lineHead) this.line += text.slice(0, lineHead - this.line.length);
    if (this.backticks === 0 && !text.includes("`")) return;
    for (const character of text) {
      if (character === "`") this.backticks += 1;
      else this.endBackticks();
    }
  }

  private endBackticks(): void {
    this.inlineMark = markAfter(this.inlineMark, this.backticks);
    this.backticks = 0;
  }

  private endLine(): void {
    const opening = opensFence(this.line);
    if (!this.fence) this.fence = opening;
    else if (opening && closes(opening, this.fence)) this.fence = undefined;
    this.line = "";
    this.backticks = 0;
    this.inlineMark = 0;
  }
}

interface FenceLine {
  mark: string;
  indent: number;
  info: string;
}

function opensFence(line: string): FenceLine | undefined {
  const [, indent = "", mark, info = ""] = fenceLine.exec(line) ?? [];
  if (mark === undefined || (mark.startsWith("`") && info.includes("`"))) return undefined;
  return { mark, indent: indent.length, info };
}

const closes = (line: FenceLine, fence: { mark: string; indent: number }): boolean =>
  line.mark.startsWith(fence.mark) && line.info.trim() === "" && line.indent <= fence.indent + 3;

/** The length of the run of backticks that inline code was opened with, after one more run; 0 outside. */
function markAfter(open: number, run: number): number {
  if (run === 0) return open;
  if (open === 0) return run;
  return run === open ? 0 : open;
}
