const bitsCount = 2 ** 22;
/** Each probe reads six hex digits: keys are digests, so any of them are as good as a hash of their own. */
const probes = 4;
const digits = 6;

/**
 * Which entries' keys there may be: a Bloom filter of 512 KiB, which never forgets a key. With 100,000 keys it takes
 * one key in 15,000 for one that it knows, with a million one in seven.
 */
export class KeyFilter {
  private readonly bits = new Uint8Array(bitsCount / 8);

  /** `key`: an entry's, in hex. */
  add(key: string): void {
    for (let probe = 0; probe < probes; probe++) {
      const place = placeOf(key, probe);
      this.bits[place >> 3]! |= 1 << (place & 7);
    }
  }

  has(key: string): boolean {
    for (let probe = 0; probe < probes; probe++) {
      const place = placeOf(key, probe);
      if ((this.bits[place >> 3]! & (1 << (place & 7))) === 0) return false;
    }
    return true;
  }

  /** Takes the keys of `text` as well. False: it is no filter of this kind. */
  addAll(text: unknown): boolean {
    if (typeof text !== "string") return false;
    const other = Buffer.from(text, "base64");
    if (other.length !== this.bits.length) return false;
    for (let at = 0; at < other.length; at++) this.bits[at]! |= other[at]!;
    return true;
  }

  /** Base64. */
  toString(): string {
    return Buffer.from(this.bits.buffer).toString("base64");
  }
}

function placeOf(key: string, probe: number): number {
  return parseInt(key.slice(probe * digits, (probe + 1) * digits), 16) & (bitsCount - 1);
}
