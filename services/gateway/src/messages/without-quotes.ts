const longestReason = 300;

/**
 * The reason of a failure as it may be logged: a backend may quote the model's own words in it, as Ollama does with
 * a tool call that it cannot parse, so it ends before the first quotation mark, brace, tag or line break.
 */
export function withoutQuotes(reason: string): string {
  const [begin = ""] = /^[^"'`{}[\]<>\r\n\u2018-\u201f\u00ab]*/.exec(reason) ?? [];
  const kept = begin.slice(0, longestReason);
  return kept.length < reason.length ? `${kept}…` : kept;
}
