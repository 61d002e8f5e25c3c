/**
 * qwen3-coder's template writes one newline before a value and one behind it, which are not the value's. Takes
 * a value in pieces and gives it without them: what may be the last newline waits for more.
 */
export class TemplateNewlines {
  private held = "";
  private isAtStart = true;

  strip(piece: string): string {
    let text = this.held + piece;
    if (this.isAtStart) {
      if (text === "" || text === "\r") {
        this.held = text;
        return "";
      }
      text = text.replace(/^\r?\n/, "");
      this.isAtStart = false;
    }
    const end = text.length - lastNewline(text);
    this.held = text.slice(end);
    return text.slice(0, end);
  }
}

function lastNewline(text: string): number {
  if (text.endsWith("\r\n")) return 2;
  return text.endsWith("\n") || text.endsWith("\r") ? 1 : 0;
}
