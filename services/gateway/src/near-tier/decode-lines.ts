/** Bytes → lines of JSON. A line that is none is an error; one without its end was cut off and is dropped. */
export async function* decodeLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<unknown[]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of bytes) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield lines.map((line): unknown => JSON.parse(line));
  }
}
