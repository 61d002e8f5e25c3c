/** A stretch of one of several texts. */
export interface Stretch {
  /** Which text. */
  index: number;
  text: string;
  /** False: cut off where the tokens of the whole may not have ended. */
  isCutSafely: boolean;
}

/** How much is counted at once: what others wait, and what counting holds in memory. */
const wantedLength = 128 * 1024;
const mostLength = 2 * wantedLength;

/**
 * Texts in batches of about the wanted length, the longer ones in stretches. They end where all byte-level
 * dialects begin a new piece; where there is no such place for very long (or `hasSafeCuts` is false), anywhere.
 */
export function* toBatches(texts: string[], hasSafeCuts: boolean): Generator<Stretch[]> {
  let batch: Stretch[] = [];
  let length = 0;
  for (const [index, whole] of texts.entries())
    for (let start = 0; start < whole.length;) {
      const { end, isCutSafely } = findEnd(whole, start, hasSafeCuts);
      batch.push({ index, text: whole.slice(start, end), isCutSafely });
      length += end - start;
      start = end;
      if (length < wantedLength) continue;
      yield batch;
      batch = [];
      length = 0;
    }
  if (batch.length > 0) yield batch;
}

function findEnd(
  text: string,
  start: number,
  hasSafeCuts: boolean,
): Omit<Stretch, "index" | "text"> & { end: number } {
  if (text.length - start <= mostLength) return { end: text.length, isCutSafely: true };
  const wanted = start + wantedLength;
  const found = hasSafeCuts ? text.slice(wanted, start + mostLength).search(safeCut) : -1;
  if (found >= 0) return { end: wanted + found, isCutSafely: true };
  const isLowSurrogate = /[\udc00-\udfff]/.test(text[wanted]!);
  return { end: isLowSurrogate ? wanted + 1 : wanted, isCutSafely: false };
}

/**
 * Behind a letter or a digit, before a mark that no special token has there, a line break, or a space and a letter.
 * None of them is an apostrophe: `don't`.
 */
const safeCut = /(?<=[A-Za-z0-9])(?=[",;(\n]| [A-Za-z])/;
