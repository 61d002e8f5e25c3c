/** A line of `/api/chat` or `/api/generate`, as Ollama writes it, that tells nothing but more text. */
const textLine =
  /^(\{(?:"\w+":(?:"[^"\\]*"|\d+),)*"(?:message":\{(?:"role":"assistant",)?"content|response)":")((?:[^"\\]|\\.)*)("\}?,"done":false\})$/;
/** What stands around the time, which differs in the lines of one answer. */
const timeInHead = /^(.*?"created_at":")[^"]*(".*)$/;
const plainText = /^[^"\\\n]*$/;

/** A longer one could take the pattern's stack to its end. */
const longestLine = 4096;

/**
 * Whole lines, as one text → those lines, but neighbours that tell nothing but more text as one line of JSON, the first
 * of them with all their text. Reading some hundred lines takes several times as long. A line that is written otherwise
 * stands for itself.
 */
export function joinTextLines(lines: string): string[] {
  const joined: string[] = [];
  let open: { head: string; tail: string } | undefined;
  let text = "";
  const flush = () => {
    if (open) joined.push(`${open.head}${text}${open.tail}`);
    open = undefined;
    text = "";
  };
  const add = (line: string) => {
    const [, head = "", more = "", tail = ""] = matchText(line) ?? [];
    if (tail !== open?.tail) flush();
    if (tail === "") return void joined.push(line);
    open ??= { head, tail };
    text += more;
  };
  const { head, tail, pieces } = cutBetweenTexts(lines);
  for (const [index, piece] of pieces.entries()) {
    const hasHead = index === 0;
    const hasTail = index === pieces.length - 1;
    if (!hasHead && !hasTail && open?.tail === tail && isPlain(piece)) text += piece;
    else for (const line of `${hasHead ? "" : head}${piece}${hasTail ? "" : tail}`.split("\n")) add(line);
  }
  flush();
  return joined;
}

/** Whether it needs no closer look. */
function isPlain(text: string): boolean {
  return text.length <= longestLine && plainText.test(text);
}

function matchText(line: string): RegExpExecArray | null {
  return line.length > longestLine ? null : textLine.exec(line);
}

/**
 * Cut wherever a text ends and the next line's begins, if they are written as the first line is: one search for all.
 * `head` and `tail`: what was cut out, with the first line's time.
 */
function cutBetweenTexts(lines: string): { head: string; tail: string; pieces: string[] } {
  const end = lines.indexOf("\n");
  const [, head = "", , tail = ""] = (end !== -1 && matchText(lines.slice(0, end))) || [];
  if (tail === "") return { head, tail, pieces: [lines] };
  const [, before = head, behind] = timeInHead.exec(head) ?? [];
  const nextHead = behind === undefined ? literally(before) : `${literally(before)}[^"]*${literally(behind)}`;
  return { head, tail, pieces: lines.split(new RegExp(`${literally(tail)}\\n${nextHead}`)) };
}

/** As a pattern. */
function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
