import { key } from "../processes/litellm.mjs";
import { largeBody, smallBody } from "./claude-code-body.mjs";
import { freshSession, freshToolUse, placeholders, toQuestion } from "./placeholders.mjs";

const bodies = { "1 KB": smallBody, "100 KB": largeBody };

/** Questions as Claude Code sends them: what makes the request of a number, for a target. */
export function toQuestionRequest({ size, stream, isSlow }) {
  const request = new PreparedRequest("/v1/messages?beta=true", bodies[size](stream, isSlow));
  return ({ isAskedSame }, number) => (isAskedSame ? request.makeSame(number) : request.make(number));
}

/**
 * A request as bytes, head and body. `make(number)` gives the question of that number with a new session id and
 * new tool ids, as two sessions of Claude Code send it: no two requests are equal byte by byte. `makeSame(number)`
 * leaves the ids as they are.
 */
export class PreparedRequest {
  constructor(path, content) {
    const body = Buffer.from(JSON.stringify(content));
    this.template = Buffer.concat([Buffer.from(head(path, body.length)), body]);
    this.sessions = this.#find(placeholders.session);
    this.questions = this.#find(placeholders.question);
    this.toolUses = [];
    for (let index = 0, places; (places = this.#find(placeholders.toolUse(index))).length > 0; index++)
      this.toolUses.push(places);
  }

  makeSame(number) {
    const request = Buffer.from(this.template);
    fill(request, this.questions, toQuestion(number));
    return request;
  }

  make(number) {
    const request = this.makeSame(number);
    fill(request, this.sessions, freshSession());
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

function head(path, contentLength) {
  return [
    `POST ${path} HTTP/1.1`,
    "host: 127.0.0.1",
    "accept: application/json",
    `authorization: Bearer ${key}`,
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
