import { ApiError } from "#anthropic/errors.js";

const longestLineBytes = 64 * 1024 * 1024;

/**
 * Bytes of newline-delimited JSON → objects. `join` may put lines that came in one piece differently.
 * @throws ApiError on a line that is no JSON object, after those before it
 */
export async function* decodeJsonLines<T extends object>(
  bytes: AsyncIterable<Uint8Array>,
  join: (lines: string[]) => string[] = (lines) => lines,
): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of bytes) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > longestLineBytes)
      throw new ApiError("api_error", "the backend sent a line without an end");
    for (const line of join(lines)) if (line.trim() !== "") yield parseLine(line) as T;
  }
  rest += decoder.decode();
  if (rest.trim() !== "") yield parseLine(rest) as T;
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
