/**
 * `OPENAI_BASE_URL` as OpenAI's own clients read it, with `/v1` at its end or without → the URL before `/v1`:
 * the servers have routes of their own beside it. Empty stays empty. @throws Error
 */
export function parseOpenAiBaseUrl(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  const url = URL.canParse(trimmed) ? new URL(trimmed) : undefined;
  const extras = url && url.search + url.hash + url.username + url.password;
  if (!url || !/^https?:$/.test(url.protocol) || extras !== "")
    throw new Error("must be a URL such as http://localhost:8080/v1");
  return `${url.origin}${url.pathname.replace(/\/+$/, "").replace(/\/v1$/, "")}`;
}
