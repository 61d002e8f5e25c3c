import { goodPlans, toAnswer } from "./answers.mjs";

const statusOfType = {
  invalid_request_error: 400,
  authentication_error: 401,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

/**
 * An outcome → `whole`, `refused`, `ended` (a stream with an error event), `broken`, `left`, or `{ wrong }` with
 * what must not be. `mayBreak`: the gateway itself, or the way to it, was broken meanwhile.
 */
export function judge(outcome, { nonce, plan, hasTools }, { stream, mayBreak }) {
  if (outcome.left) return "left";
  if (outcome.hung) return mayBreak ? "broken" : { wrong: "no end within a minute" };
  if (outcome.broken) return mayBreak ? "broken" : { wrong: `the connection broke: ${outcome.broken}` };
  const { status, type, text, isWhole } = outcome;
  if (!isWhole) return mayBreak ? "broken" : { wrong: "the answer was cut" };
  if (status !== 200) return judgeError(parse(text), status) ?? "refused";
  const expected = toAnswer(nonce, plan, hasTools);
  if (!stream) {
    const message = parse(text);
    if (message?.type !== "message") return { wrong: `no message: ${text.slice(0, 200)}` };
    return judgeAnswer(saidIn(message), expected, plan) ?? "whole";
  }
  if (!type.startsWith("text/event-stream")) return { wrong: `a stream of type ${type}` };
  const events = text
    .split("\n\n")
    .filter(Boolean)
    .map((block) => parse(block.split("\ndata: ")[1]));
  const said = {
    text: events.map((event) => event?.delta?.text ?? "").join(""),
    json: events.map((event) => event?.delta?.partial_json ?? "").join(""),
  };
  const last = events.at(-1);
  if (last?.type === "error")
    return isBeginningOf(said, expected)
      ? (judgeError(last) ?? "ended")
      : { wrong: `another's answer: ${JSON.stringify(said)}` };
  if (last?.type !== "message_stop") return { wrong: `a stream that ends with ${last?.type}` };
  const input = parse(said.json || undefined);
  if (said.json && !input) return { wrong: `an input that is no JSON: ${said.json.slice(-60)}` };
  return judgeAnswer({ text: said.text, input }, expected, plan) ?? "whole";
}

/** Names in order, so that only what was said counts. */
const toText = ({ text, input }) => JSON.stringify([text.trimEnd(), input && [input.name, input.words]]);

function isBeginningOf({ text, json }, expected) {
  const input = JSON.stringify(expected.input) ?? "";
  // Pieces of JSON may be spaced in another way.
  return expected.text.startsWith(text.trimEnd()) && input.startsWith(json.replaceAll(/": "/g, '":"'));
}

function judgeAnswer(said, expected, plan) {
  if (!goodPlans.includes(plan))
    return { wrong: `a broken answer (${plan}) as a whole one: ${toText(said).slice(-60)}` };
  const [got, wanted] = [toText(said), toText(expected)];
  if (got !== wanted) return { wrong: `"${got.slice(0, 80)}…" instead of "${wanted.slice(0, 80)}…"` };
}

function judgeError(body, status) {
  const error = body?.error;
  if (body?.type !== "error" || typeof error?.message !== "string" || !(error.type in statusOfType))
    return { wrong: `an error of status ${status} that is not Anthropic's: ${JSON.stringify(body)}` };
  if (status !== undefined && statusOfType[error.type] !== status)
    return { wrong: `${error.type} with status ${status}` };
  if (error.message === "Internal server error") return { wrong: "an error that nobody foresaw" };
}

function saidIn({ content }) {
  return {
    text: content.map((block) => block.text ?? "").join(""),
    input: content.find(({ type }) => type === "tool_use")?.input,
  };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
