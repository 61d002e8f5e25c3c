import { ApiError } from "#anthropic/errors.js";
import { LineCutter } from "#platform/line-cutter.js";

/** The longest is a call with all that fits a window, or the tokens of a prompt as numbers: some MiB. */
const longestLine = 16 * 1024 * 1024;

/**
 * Bytes of newline-delimited JSON → objects. `join` may put lines that came in one piece differently.
 * @throws ApiError on a line that is no JSON object, after those before it
 */
export async function* decodeJsonLines<T extends object>(
  bytes: AsyncIterable<Uint8Array>,
  join: (lines: string[]) => string[] = (lines) => lines,
): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  const cutter = new LineCutter(longestLine);
  for await (const chunk of bytes)
    for (const line of join(cut(cutter, decoder.decode(chunk, { stream: true }))))
      if (line.trim() !== "") yield parseLine(line) as T;
  const rest = cutter.takeRest() + decoder.decode();
  if (rest.trim() !== "") yield parseLine(rest) as T;
}

function cut(cutter: LineCutter, piece: string): string[] {
  try {
    return cutter.add(piece);
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
