export interface StopHit {
  sequence: string;
  /** Of the text that was fed: behind the sequence's last character. */
  end: number;
}

interface Node {
  /** How many characters of a sequence have come. */
  depth: number;
  /** Where the longest other beginning of a sequence stands that has come just as well. */
  fallback: Node;
  /** The longest sequence that is whole here. */
  whole: string | undefined;
  next: Map<string, Node>;
}

/**
 * Looks for all sequences at once, in text that comes in pieces (Aho-Corasick): a character costs the same whatever
 * their number and length.
 */
export class StopSequenceMatcher {
  private readonly root = toRoot();
  private at = this.root;

  constructor(sequences: string[]) {
    this.add(sequences.filter((sequence) => sequence !== ""));
  }

  /** How many characters at the end of what was fed may be the start of a sequence. */
  get begun(): number {
    return this.at.depth;
  }

  /** The sequence that is whole first; of two that end together the longer one. */
  feed(text: string): StopHit | undefined {
    for (let end = 1; end <= text.length; end++) {
      this.at = this.step(this.at, text.charAt(end - 1));
      if (this.at.whole !== undefined) return { sequence: this.at.whole, end };
    }
    return undefined;
  }

  reset(): void {
    this.at = this.root;
  }

  private step(from: Node, character: string): Node {
    for (let node = from; ; node = node.fallback) {
      const next = node.next.get(character);
      if (next || node === this.root) return next ?? node;
    }
  }

  /** Character by character for all of them, as a fallback is always less deep. */
  private add(sequences: string[]): void {
    let growing = sequences.map((sequence) => ({ sequence, node: this.root }));
    for (let depth = 1; growing.length > 0; depth++) {
      growing = growing.filter((one) => {
        one.node = this.child(one.node, one.sequence.charAt(depth - 1));
        if (one.sequence.length === depth) one.node.whole = one.sequence;
        return one.sequence.length > depth;
      });
    }
  }

  private child(parent: Node, character: string): Node {
    const known = parent.next.get(character);
    if (known) return known;
    const fallback = parent === this.root ? this.root : this.step(parent.fallback, character);
    const child = { depth: parent.depth + 1, fallback, whole: fallback.whole, next: new Map<string, Node>() };
    parent.next.set(character, child);
    return child;
  }
}

function toRoot(): Node {
  const root = { depth: 0, whole: undefined, next: new Map<string, Node>() } as Omit<Node, "fallback">;
  return Object.assign(root, { fallback: root as Node });
}
