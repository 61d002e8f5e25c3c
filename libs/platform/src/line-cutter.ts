/** Cuts text that comes in pieces into lines, in time that grows with its length only. */
export class LineCutter {
  private held: string[] = [];
  private heldLength = 0;

  constructor(private readonly longestLine: number) {}

  /** The lines that are whole now. @throws RangeError on a line without an end */
  add(piece: string): string[] {
    if (!piece.includes("\n")) {
      this.hold(piece);
      return [];
    }
    const lines = piece.split("\n");
    const last = lines.pop() ?? "";
    lines[0] = this.takeRest() + (lines[0] ?? "");
    this.hold(last);
    return lines;
  }

  /** What has no end yet. */
  takeRest(): string {
    const rest = this.held.join("");
    this.held = [];
    this.heldLength = 0;
    return rest;
  }

  private hold(piece: string): void {
    if (piece === "") return;
    this.held.push(piece);
    this.heldLength += piece.length;
    if (this.heldLength > this.longestLine) throw new RangeError("a line without an end");
  }
}
