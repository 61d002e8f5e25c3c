/** A line of `/api/chat` or `/api/generate`, as Ollama writes it, that tells nothing but more text. */
const textLine =
  /^(\{(?:"\w+":(?:"[^"\\]*"|\d+),)*"(?:message":\{(?:"role":"assistant",)?"content|response)":")((?:[^"\\]|\\.)*)("\}?,"done":false\})$/;
/** What stands before the text: all but the time is the same in the lines of one answer. */
const timeInHead = /^(.*?"created_at":")[^"]*(".*)$/;

/** A longer one could take the pattern's stack to its end. */
const longestLine = 4096;

/** How the lines of one answer are written around their texts. */
interface Frame {
  head: string;
  tail: string;
  /** The head in two, without the time. */
  around: [string, string] | undefined;
}

/**
 * Neighbouring lines that tell nothing but more text → one line of JSON, the first of them with all their text. Reading
 * some hundred lines takes three times as long. A line that is written otherwise stands for itself.
 */
export function joinTextLines(lines: readonly string[]): string[] {
  const joined: string[] = [];
  let frame: Frame | undefined;
  let text = "";
  const flush = () => {
    if (frame) joined.push(`${frame.head}${text}${frame.tail}`);
    frame = undefined;
    text = "";
  };
  for (const line of lines) {
    const isLong = line.length > longestLine;
    const alike = frame && !isLong ? readAlike(line, frame) : undefined;
    if (alike !== undefined) {
      text += alike;
      continue;
    }
    const match = isLong ? null : textLine.exec(line);
    if (match?.[3] !== frame?.tail) flush();
    if (!match) {
      joined.push(line);
      continue;
    }
    frame ??= toFrame(match[1] ?? "", match[3] ?? "");
    text += match[2] ?? "";
  }
  flush();
  return joined;
}

/** The text of a line in the same frame, where it needs no closer look: as the pattern would find it, in a third of its time. */
function readAlike(line: string, { around, tail }: Frame): string | undefined {
  if (!around) return undefined;
  const [beforeTime, beforeText] = around;
  if (!line.startsWith(beforeTime)) return undefined;
  const timeEnd = line.indexOf('"', beforeTime.length);
  if (!line.startsWith(beforeText, timeEnd)) return undefined;
  const from = timeEnd + beforeText.length;
  const to = line.length - tail.length;
  const isPlain = line.indexOf('"', from) === to && line[to - 1] !== "\\" && line.endsWith(tail);
  return isPlain ? line.slice(from, to) : undefined;
}

function toFrame(head: string, tail: string): Frame {
  const parts = timeInHead.exec(head);
  return { head, tail, around: parts ? [parts[1] ?? "", parts[2] ?? ""] : undefined };
}
