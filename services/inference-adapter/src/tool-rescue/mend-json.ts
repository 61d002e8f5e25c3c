// JSON as models write it. What it forgives: trailing commas, single quotes, bare keys, Python's True, False and
// None, raw newlines in strings, escapes that JSON does not know (kept as they stand, as in "\d"), and, where
// asked, missing closing brackets. It never guesses at where a string ends.

export interface MendOptions {
  /** Closing brackets may be missing at the end. */
  mayLackClosers?: boolean;
}

export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };

/** Deeper values are refused: they would overflow the stack of whoever walks or writes them. */
export const deepestJson = 100;

/** The value that the text means, or undefined. */
export function mendJson(text: string, options: MendOptions = {}): JsonValue | undefined {
  const value = parseStrictly(text) ?? new Mender(text, options).parse();
  return value !== undefined && isShallow(value, deepestJson) ? value : undefined;
}

/** The value of well-formed JSON, or undefined. */
export function parseStrictly(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

export const isJsonObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function isShallow(value: JsonValue, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((inner) => isShallow(inner, depth - 1));
}

class Unmendable extends Error {}

const escapes: Record<string, string> = {
  '"': '"',
  "'": "'",
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  "\n": "\n",
};
const literals = new Map<string, JsonValue>([
  ["true", true],
  ["false", false],
  ["null", null],
  ["True", true],
  ["False", false],
  ["None", null],
]);
const blanks = /\s*/y;
const plainCharacters = { '"': /[^"\\]*/y, "'": /[^'\\]*/y };
const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const wordPattern = /[A-Za-z_$][\w$-]*/y;
const unicodeEscape = /[0-9a-fA-F]{4}/y;

class Mender {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly options: MendOptions,
  ) {}

  parse(): JsonValue | undefined {
    try {
      const value = this.value(deepestJson);
      this.take(blanks);
      return this.at === this.text.length ? value : undefined;
    } catch (error) {
      if (error instanceof Unmendable) return undefined;
      throw error;
    }
  }

  private value(depth: number): JsonValue {
    if (depth < 0) throw new Unmendable();
    this.take(blanks);
    const first = this.text[this.at];
    if (first === "{") return this.object(depth);
    if (first === "[") return this.array(depth);
    if (first === '"' || first === "'") return this.string(first);
    const number = this.take(numberPattern);
    if (number !== "") return Number(number);
    const literal = literals.get(this.take(wordPattern));
    if (literal === undefined) throw new Unmendable();
    return literal;
  }

  private object(depth: number): JsonValue {
    const members: [string, JsonValue][] = [];
    this.list("}", () => {
      const first = this.text[this.at];
      const name = first === '"' || first === "'" ? this.string(first) : this.take(wordPattern);
      if (!this.next(":")) throw new Unmendable();
      members.push([name, this.value(depth - 1)]);
    });
    return Object.fromEntries(members);
  }

  private array(depth: number): JsonValue {
    const items: JsonValue[] = [];
    this.list("]", () => items.push(this.value(depth - 1)));
    return items;
  }

  /** Reads what stands between brackets, separated by commas. */
  private list(closer: string, readItem: () => void): void {
    this.at += 1;
    while (!this.next(closer)) {
      if (this.at === this.text.length && this.options.mayLackClosers) return;
      readItem();
      if (!this.next(",") && this.text[this.at] !== closer && this.at < this.text.length)
        throw new Unmendable();
    }
  }

  private string(quote: '"' | "'"): string {
    const parts: string[] = [];
    this.at += 1;
    for (;;) {
      parts.push(this.take(plainCharacters[quote]));
      const stop = this.text[this.at];
      this.at += 1;
      if (stop === quote) return parts.join("");
      if (stop === undefined) throw new Unmendable();
      parts.push(this.escape());
    }
  }

  private escape(): string {
    const letter = this.text[this.at] ?? "";
    this.at += 1;
    if (letter === "u") {
      const code = this.take(unicodeEscape);
      return code === "" ? "\\u" : String.fromCharCode(Number.parseInt(code, 16));
    }
    return escapes[letter] ?? `\\${letter}`;
  }

  /** Skips blanks and then this character, if it comes. */
  private next(character: string): boolean {
    this.take(blanks);
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const [taken] = pattern.exec(this.text) ?? [""];
    this.at += taken.length;
    return taken;
  }
}
