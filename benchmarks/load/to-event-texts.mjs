/** The body of a chunked answer → the texts of its text deltas, in order. */
export function toEventTexts(body) {
  return withoutChunkSizes(body)
    .toString()
    .split("\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice("data: ".length)))
    .filter(({ delta }) => delta?.type === "text_delta")
    .map(({ delta }) => delta.text);
}

function withoutChunkSizes(body) {
  const pieces = [];
  for (let at = 0; at < body.length;) {
    const end = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.toString("latin1", at, end), 16);
    pieces.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  return Buffer.concat(pieces);
}
