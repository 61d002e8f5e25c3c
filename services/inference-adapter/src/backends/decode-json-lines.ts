import { ApiError } from "#anthropic/errors.js";

const longestLineBytes = 64 * 1024 * 1024;

/**
 * Bytes of newline-delimited JSON → objects. `together` may put those that came in one piece differently.
 * @throws ApiError on a line that is no JSON object, after those before it
 */
export async function* decodeJsonLines<T extends object>(
  bytes: AsyncIterable<Uint8Array>,
  together: (lines: T[]) => T[] = (lines) => lines,
): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of bytes) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > longestLineBytes)
      throw new ApiError("api_error", "the backend sent a line without an end");
    const { objects, fault } = parseLines(lines);
    for (const object of together(objects as T[])) yield object;
    if (fault) throw fault;
  }
  rest += decoder.decode();
  if (rest.trim() !== "") yield parseLine(rest) as T;
}

function parseLines(lines: readonly string[]): { objects: object[]; fault?: unknown } {
  const objects: object[] = [];
  try {
    for (const line of lines) if (line.trim() !== "") objects.push(parseLine(line));
    return { objects };
  } catch (fault) {
    return { objects, fault };
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
