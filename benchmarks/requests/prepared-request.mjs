import { largeBody, smallBody } from "./claude-code-body.mjs";
import { freshSession, freshToolUse, placeholders, toQuestion } from "./placeholders.mjs";

const bodies = { "1 KB": smallBody, "100 KB": largeBody };

/**
 * A request as bytes, head and body. `make(number)` gives the question of that number with a new session id and
 * new tool ids, as two sessions of Claude Code send it: no two requests are equal byte by byte.
 */
export class PreparedRequest {
  constructor(size, stream) {
    const body = Buffer.from(JSON.stringify(bodies[size](stream)));
    this.bodyBytes = body.length;
    this.template = Buffer.concat([Buffer.from(head(body.length)), body]);
    this.sessions = this.#find(placeholders.session);
    this.questions = this.#find(placeholders.question);
    this.toolUses = [];
    for (let index = 0, places; (places = this.#find(placeholders.toolUse(index))).length > 0; index++)
      this.toolUses.push(places);
  }

  make(number) {
    const request = Buffer.from(this.template);
    fill(request, this.sessions, freshSession());
    fill(request, this.questions, toQuestion(number));
    for (const places of this.toolUses) fill(request, places, freshToolUse());
    return request;
  }

  #find(text) {
    const places = [];
    for (let at = this.template.indexOf(text); at !== -1; at = this.template.indexOf(text, at + 1))
      places.push(at);
    return places;
  }
}

function fill(request, places, text) {
  for (const at of places) request.write(text, at, "latin1");
}

function head(contentLength) {
  return [
    "POST /v1/messages?beta=true HTTP/1.1",
    "host: 127.0.0.1",
    "accept: application/json",
    "authorization: Bearer dummy",
    "content-type: application/json",
    `content-length: ${contentLength}`,
    "user-agent: claude-cli/2.1.330 (external, sdk-cli)",
    `x-claude-code-session-id: ${placeholders.session}`,
    "x-stainless-lang: js",
    "x-stainless-retry-count: 0",
    "x-stainless-timeout: 600",
    "anthropic-version: 2023-06-01",
    "anthropic-beta: claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27",
    "x-app: cli",
    "\r\n",
  ].join("\r\n");
}
