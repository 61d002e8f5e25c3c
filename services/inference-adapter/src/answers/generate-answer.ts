import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import { ApiError } from "#anthropic/errors.js";
import type { GenerationEnd, GenerationEvent } from "../backends/inference-backend.js";
import { UnsupportedSchemaError } from "../backends/unsupported-schema.error.js";
import { keepFirstCall } from "./keep-first-call.js";
import { type Answer, collectAnswer, type Reading, readCall, readJson } from "./read-answer.js";
import type { AnswerRule } from "./to-answer-rule.js";
import { toAskedRequest, toSecondRequest } from "./to-asked-request.js";

// The demands of a request on its answer, for every backend. A backend has one means for them: a JSON schema in
// `output_config.format`. What it cannot do with it, the model is told, and every answer is read before it is
// passed on: it is held back until it is whole, generated once more when it is wrong, and an error when it is
// wrong again. Thoughts pass at once.

export type Run = (request: CanonicalRequest) => AsyncIterable<GenerationEvent>;

/** A rule that holds a whole answer back until it is read. */
type StrictRule = Exclude<AnswerRule, { type: "free" }>;

/**
 * Whether the first try is held to a schema: not where that would keep the model from calling the tools that it may
 * call, nor where the backend forces calls by itself.
 */
export const isConstrainedFirst = (rule: AnswerRule, forcesCalls: boolean): boolean =>
  rule.type === "call" ? !forcesCalls : rule.type === "json" && !rule.offersTools;

/** @throws ApiError when the model does not answer as demanded, twice */
export function generateAnswer(
  request: CanonicalRequest,
  rule: AnswerRule,
  run: Run,
  forcesCalls: boolean,
): AsyncIterable<GenerationEvent> {
  if (rule.type !== "free") return generateByRule(request, rule, run, forcesCalls);
  return rule.isSingleCall ? keepFirstCall(run(request)) : run(request);
}

async function* generateByRule(
  request: CanonicalRequest,
  rule: StrictRule,
  run: Run,
  forcesCalls: boolean,
): AsyncGenerator<GenerationEvent> {
  const first = toAskedRequest(request, rule, isConstrainedFirst(rule, forcesCalls));
  const tried = yield* runTry(first, () => toAskedRequest(request, rule, false), rule, run);
  const outcome = read(tried, rule);
  if ("events" in outcome) {
    if (rule.type === "call" && !outcome.isWhole) yield* retryFreely(request, rule, run, tried, outcome);
    else yield* outcome.events;
    return;
  }
  const said = toSaid(tried);
  const second = yield* runTry(
    toSecondRequest(toAskedRequest(request, rule, true), said, outcome.fault),
    () => toSecondRequest(toAskedRequest(request, rule, false), said, outcome.fault),
    rule,
    run,
  );
  const again = read(withPromptOf(tried, second), rule);
  if ("events" in again) return yield* again.events;
  throw new ApiError("api_error", `The model did not answer as the request demands: ${again.fault}`, {
    shouldRetry: false,
  });
}

/**
 * Held to a schema a small model may lose itself in a text without an end. Asked without it, the way it was trained
 * to call tools, it may not; where it does not call then either, the first answer stands.
 */
async function* retryFreely(
  request: CanonicalRequest,
  rule: StrictRule,
  run: Run,
  first: Tried,
  cut: Outcome,
): AsyncGenerator<GenerationEvent> {
  const { thinking: _thinking, ...asked } = toAskedRequest(request, rule, false);
  const tried = yield* runTry(asked, () => asked, rule, run);
  const second = read(withPromptOf(first, tried), rule);
  yield* "events" in second && second.isWhole ? second.events : cut.events;
}

interface Outcome {
  events: GenerationEvent[];
  /** False: it was cut, and is passed on as it stands. */
  isWhole: boolean;
}

interface Tried {
  answer: Answer;
  end: GenerationEnd;
}

/** Runs the model; what it thinks passes. Where the backend has no use for the schema, it runs without. */
async function* runTry(
  request: CanonicalRequest,
  toUnconstrained: () => CanonicalRequest,
  rule: StrictRule,
  run: Run,
): AsyncGenerator<GenerationEvent, Tried> {
  try {
    return yield* collect(run(request), rule);
  } catch (error) {
    if (!(error instanceof UnsupportedSchemaError)) throw error;
    return yield* collect(run(toUnconstrained()), rule);
  }
}

async function* collect(
  events: AsyncIterable<GenerationEvent>,
  rule: StrictRule,
): AsyncGenerator<GenerationEvent, Tried> {
  const held: GenerationEvent[] = [];
  const isSingleCall = rule.type === "call" || rule.isSingleCall;
  for await (const event of isSingleCall ? keepFirstCall(events) : events)
    if (event.type === "thinking") yield event;
    else if (event.type === "end") return { answer: collectAnswer(held), end: event };
    else held.push(event);
  throw new ApiError("api_error", "the backend ended its answer before it was complete");
}

/**
 * To its client a second try is the answer: with the prompt that the client was told at the start, and no more tokens
 * than it allowed. What both took is measured where they ran.
 */
const withPromptOf = (first: Tried, { answer, end }: Tried): Tried => ({
  answer,
  end: { ...end, inputTokens: first.end.inputTokens },
});

/** What is passed on, or what is wrong. An answer that was cut is passed on as it stands: its end says so. */
function read({ answer, end }: Tried, rule: StrictRule): Outcome | { fault: string } {
  const reading =
    rule.type === "call" ? readForcedCall({ answer, end }, rule) : readJsonOrCalls(answer, rule);
  if ("result" in reading) {
    const isCalled = rule.type === "call";
    return { events: [...reading.result, isCalled ? toolUse(end) : end], isWhole: true };
  }
  const isCut = end.stopReason === "max_tokens" || end.stopReason === "stop_sequence";
  return isCut ? { events: [...toText(toSaid({ answer, end })), end], isWhole: false } : reading;
}

function readForcedCall(
  { answer, end }: Tried,
  { tools }: Extract<StrictRule, { type: "call" }>,
): Reading<GenerationEvent[]> {
  // A whole call without arguments has an empty object.
  if (end.stopReason === "max_tokens" && answer.calls[0]?.json === "")
    return { fault: "the call was cut before its arguments" };
  const reading = readCall(answer, tools);
  if ("fault" in reading) return reading;
  return { result: toCall(reading.result.name, JSON.stringify(reading.result.input)) };
}

/** While tools are offered the model may call them; those calls are as free as any. */
function readJsonOrCalls(
  { text, calls }: Answer,
  { schema }: Extract<StrictRule, { type: "json" }>,
): Reading<GenerationEvent[]> {
  if (calls.length > 0)
    return { result: [...toText(text), ...calls.flatMap(({ name, json }) => toCall(name, json))] };
  const reading = readJson(text, schema);
  return "fault" in reading ? reading : { result: toText(reading.result) };
}

const toText = (text: string): GenerationEvent[] => (text === "" ? [] : [{ type: "text", text }]);

const toCall = (name: string, json: string): GenerationEvent[] => [
  { type: "tool_use_start", name },
  { type: "tool_use_input", partialJson: json },
];

const toolUse = (end: GenerationEnd): GenerationEnd => ({
  ...end,
  stopReason: "tool_use",
  stopSequence: null,
});

/** A whole answer in words, as the model is reminded of it. */
const toSaid = ({ answer }: Tried): string =>
  [
    answer.text,
    ...answer.calls.map(({ name, json }) => `{"name": ${JSON.stringify(name)}, "arguments": ${json}}`),
  ]
    .filter((part) => part !== "")
    .join("\n");
