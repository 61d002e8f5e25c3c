import { ApiError } from "#anthropic/errors.js";
import { LineCutter } from "#platform/line-cutter.js";

/** The longest is a call with all that fits a window, or the tokens of a prompt as numbers: some MiB. */
const longestLine = 16 * 1024 * 1024;

/**
 * Bytes of newline-delimited JSON → objects. `cut` makes lines of those that came in one piece, as text; it may put them
 * differently.
 * @throws ApiError on a line that is no JSON object, after those before it
 */
export async function* decodeJsonLines<T extends object>(
  bytes: AsyncIterable<Uint8Array>,
  cut: (text: string) => string[] = (text) => text.split("\n"),
): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  const cutter = new LineCutter(longestLine);
  for await (const chunk of bytes) {
    const text = addTo(cutter, decoder.decode(chunk, { stream: true }));
    if (text === undefined) continue;
    for (const line of cut(text)) if (line.trim() !== "") yield parseLine(line) as T;
  }
  const rest = cutter.takeRest() + decoder.decode();
  if (rest.trim() !== "") yield parseLine(rest) as T;
}

function addTo(cutter: LineCutter, piece: string): string | undefined {
  try {
    return cutter.addUncut(piece);
  } catch (error) {
    throw new ApiError("api_error", "the backend sent a line without an end", { cause: error });
  }
}

function parseLine(line: string): object {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // falls through to the error below
  }
  throw new ApiError("api_error", "the backend sent a line that is no JSON object");
}
