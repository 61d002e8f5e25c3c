const longestReason = 300;
/** An apostrophe between letters is none. */
const upToQuote = /^(?:[^"'`{}[\]<>\r\n\u2018-\u201f\u00ab]|(?<=[a-z])'(?=[a-z]))*/i;

/**
 * The reason of a failure as it may be logged: another service may quote in it what no log is to hold, so it ends
 * before the first quotation mark, brace, tag or line break.
 */
export function withoutQuotes(reason: string): string {
  const [begin = ""] = upToQuote.exec(reason) ?? [];
  const kept = begin.slice(0, longestReason);
  return kept.length < reason.length ? `${kept}…` : kept;
}
