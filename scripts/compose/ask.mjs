let count = 0;

/** A question that nobody has asked before. */
export function newQuestion(text = "Say hello") {
  return `${text} (${process.pid} ${++count})`;
}

/**
 * `POST /v1/messages` as a stream, read to its end.
 * @returns status, x-cache, seconds until the end, the events' types, the last event
 */
export async function ask(url, text, { maxTokens = 64, headers = {}, model = "claude-sonnet-4-5" } = {}) {
  const startedAt = performance.now();
  const response = await fetch(`${url}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({
      model,
      max_tokens: maxTokens,
      stream: true,
      messages: [{ role: "user", content: text }],
    }),
  });
  const body = await response.text();
  const events = body
    .split("\n")
    .filter((line) => line.startsWith("data: "))
    .map((line) => JSON.parse(line.slice("data: ".length)));
  return {
    status: response.status,
    cache: response.headers.get("x-cache"),
    seconds: (performance.now() - startedAt) / 1000,
    body,
    last: events.at(-1),
  };
}
