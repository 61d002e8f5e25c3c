/** A piece: a literal or a class, and how often it comes. */
const piece =
  /(\\[dws.\-_/]|\[\^?(?:[\w .:/@#+-]|\\[dws.-])+\]|[\w :/@#,;=_-])(\{\d{1,3}(?:,\d{1,3})?\}|[+*?])?/y;

const classes: Record<string, string> = { d: "0-9", w: "A-Za-z0-9_", s: " \\t\\n" };

/**
 * A regular expression as llama.cpp can make a grammar of it, or undefined: anchored, and nothing but characters
 * and classes with their repetitions. Groups, alternatives and look-aheads are left out, some of them end the server.
 */
export function toGrammarPattern(pattern: string): string | undefined {
  const inner = /^\^(.+)\$$/s.exec(pattern)?.[1];
  if (inner === undefined) return undefined;
  let converted = "";
  piece.lastIndex = 0;
  while (piece.lastIndex < inner.length) {
    const found = piece.exec(inner);
    if (!found) return undefined;
    converted += toPiece(found[1] ?? "") + (found[2] ?? "");
  }
  return `^${converted}$`;
}

function toPiece(text: string): string {
  if (text.startsWith("[")) return text.replaceAll(/\\([dws])/g, (_, name: string) => classes[name] ?? "");
  const name = text.startsWith("\\") ? (text[1] ?? "") : "";
  if (name in classes) return `[${classes[name]}]`;
  return name === "." ? "[.]" : name || text;
}
