import { Nesting } from "./nesting.js";

/**
 * A value while it is read. It is not escaped, so where it ends is only known later: what came since a tag
 * that may have closed it is kept apart, and given back if it did not.
 */
export class ParameterValue {
  /** What it opened itself, as a file does that shows calls. */
  readonly nesting = new Nesting();
  /** Closed by `</parameter>`, as it looks. */
  isClosed = false;
  /** It holds a closing tag that was taken for text. */
  hasStrayCloser = false;
  /** How many tags that end the call came since. */
  callClosers = 0;
  private content = "";
  private since = "";
  private isAtLineStart = false;
  private mayCloserBeText = false;

  constructor(readonly name: string) {}

  /** qwen3-coder's template writes one newline after the opening tag and one before the closing tag. */
  get text(): string {
    return this.content.replace(/^\r?\n/, "").replace(/\r?\n$/, "");
  }

  add(source: string): void {
    this.content += source;
    const lineStart = source.lastIndexOf("\n") + 1;
    const isBlankSince = source.slice(lineStart).trim() === "";
    this.isAtLineStart = isBlankSince && (lineStart > 0 || this.isAtLineStart);
  }

  suspend(source: string): void {
    this.since += source;
  }

  close(source: string): void {
    this.isClosed = true;
    // The template's stands on a line of its own, after an empty one where the value is empty.
    this.mayCloserBeText = !this.isAtLineStart || (this.content.length <= 2 && this.content.trim() === "");
    this.suspend(source);
  }

  /** A second `</parameter>`: the model's stutter, unless the first was rather text. */
  closeAgain(source: string): void {
    if (this.mayCloserBeText && this.since.includes("\n")) this.reopen();
    this.mayCloserBeText = false;
    this.isClosed = true;
    this.suspend(source);
  }

  /** It did not end there. */
  reopen(): void {
    this.content += this.since;
    this.since = "";
    this.isClosed = false;
    this.callClosers = 0;
  }
}
