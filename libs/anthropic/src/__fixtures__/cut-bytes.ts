/** The text's UTF-8 in pieces: of one size, or of the given sizes in turn. Characters are cut where it falls. */
export async function* cutBytes(text: string, sizes: number | number[]): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  const lengths = typeof sizes === "number" ? [sizes] : sizes;
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? bytes.length;
    yield bytes.subarray(start, start + length);
    start += length;
  }
}
