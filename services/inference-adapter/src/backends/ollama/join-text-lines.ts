/** A line of `/api/chat` or `/api/generate`, as Ollama writes it, that tells nothing but more text. */
const textLine =
  /^(\{(?:"\w+":(?:"[^"\\]*"|\d+),)*"(?:message":\{(?:"role":"assistant",)?"content|response)":")((?:[^"\\]|\\.)*)("\}?,"done":false\})$/;

/** A longer one could take the pattern's stack to its end. */
const longestLine = 4096;

/**
 * Neighbouring lines that tell nothing but more text → one line of JSON, the first of them with all their text. Reading
 * some hundred lines takes three times as long. A line that is written otherwise stands for itself.
 */
export function joinTextLines(lines: readonly string[]): string[] {
  const joined: string[] = [];
  let head = "";
  let texts: string[] = [];
  let tail = "";
  const flush = () => {
    if (texts.length > 0) joined.push(`${head}${texts.join("")}${tail}`);
    texts = [];
  };
  for (const line of lines) {
    const match = line.length > longestLine ? null : textLine.exec(line);
    if (match) {
      if (match[3] !== tail) flush();
      if (texts.length === 0) head = match[1] ?? "";
      texts.push(match[2] ?? "");
      tail = match[3] ?? "";
    } else {
      flush();
      joined.push(line);
    }
  }
  flush();
  return joined;
}
