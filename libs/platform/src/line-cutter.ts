/** Cuts text that comes in pieces into lines, in time that grows with its length only. */
export class LineCutter {
  private held: string[] = [];
  private heldLength = 0;

  constructor(private readonly longestLine: number) {}

  /** The lines that are whole now. @throws RangeError on a line without an end */
  add(piece: string): string[] {
    return this.addUncut(piece)?.split("\n") ?? [];
  }

  /** The lines that are whole now as one text, without the end of the last; undefined where none is. @throws as `add` */
  addUncut(piece: string): string | undefined {
    const end = piece.lastIndexOf("\n");
    const whole = end === -1 ? undefined : this.takeRest() + piece.slice(0, end);
    this.hold(piece.slice(end + 1));
    return whole;
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
