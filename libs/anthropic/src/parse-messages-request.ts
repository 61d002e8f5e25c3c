import { ApiError } from "./errors.js";
import { findSchemaFault } from "./find-schema-fault.js";
import { isDefinedByType } from "./known-tools.js";
import type { ContentBlock, InputMessage, MessagesRequest } from "./messages.js";

// Strict about what cannot be answered at all, silent about what is merely unknown: Claude Code sends six
// requests after a 400 that it does not understand.

type Fields = Record<string, unknown>;

/** Beyond these no server samples; Anthropic's own limit of 1 for the temperature is too low for other models. */
const samplingLimits = { temperature: 2, top_p: 1, top_k: 2 ** 31 - 1 };
/** Each character is looked for in the answer, and takes memory as long as that is written. */
const longestStopSequences = 65_536;

/** An unknown body → a request whose parts that we read have the right types. @throws ApiError naming the path. */
export function parseMessagesRequest(body: unknown): MessagesRequest {
  const request = parseCountTokensRequest(body);
  const { max_tokens, stop_sequences, stream } = body as Fields;
  if (max_tokens != null && !(Number.isInteger(max_tokens) && (max_tokens as number) >= 1))
    throw invalid("max_tokens", "Input should be a whole number greater than or equal to 1");
  for (const [path, limit] of Object.entries(samplingLimits)) {
    const value = (body as Fields)[path];
    if (value != null && !(typeof value === "number" && value >= 0 && value <= limit))
      throw invalid(path, `Input should be a number from 0 to ${limit}`);
  }
  if (stream != null && typeof stream !== "boolean")
    throw invalid("stream", "Input should be a valid boolean");
  if (stop_sequences != null && !isStringArray(stop_sequences))
    throw invalid("stop_sequences", "Input should be a valid list of strings");
  if (stop_sequences != null && lengthOf(stop_sequences) > longestStopSequences)
    throw invalid("stop_sequences", `Input should have at most ${longestStopSequences} characters in all`);
  checkLastMessage(request);
  return request;
}

/** As `parseMessagesRequest`, for `count_tokens`, whose body holds only what makes the prompt. */
export function parseCountTokensRequest(body: unknown): MessagesRequest {
  if (!isObject(body)) throw new ApiError("invalid_request_error", "The request body must be a JSON object");
  if (body["model"] === undefined) throw invalid("model", "Field required");
  if (typeof body["model"] !== "string" || body["model"] === "")
    throw invalid("model", "Input should be a non-empty string");
  checkThread(body["thread"]);
  checkMessages(body["messages"]);
  checkSystem(body["system"]);
  checkTools(body["tools"]);
  checkToolChoice(body["tool_choice"], body["tools"]);
  checkThinking(body["thinking"]);
  const config = body["output_config"];
  if (config != null && !isObject(config)) throw invalid("output_config", "Input should be an object");
  checkOutputFormat(config?.["format"], "output_config.format");
  checkOutputFormat(body["output_format"], "output_format");
  return body as unknown as MessagesRequest;
}

/**
 * No conversation is kept here, so one that is gone on with is lost: told so, the official SDK sends all of it again.
 * Answered, it would be cut to its last messages.
 */
function checkThread(thread: unknown): void {
  if (thread == null) return;
  if (!isObject(thread)) throw invalid("thread", "Input should be an object");
  if (thread["type"] === "create") return;
  if (thread["type"] !== "continue") throw invalid("thread.type", "Input should be 'create' or 'continue'");
  const message = "thread: message threads are not kept here; send the whole conversation in messages";
  throw new ApiError("not_found_error", message, { details: { error_code: "thread_not_found" } });
}

function checkMessages(messages: unknown): void {
  if (messages === undefined) throw invalid("messages", "Field required");
  if (!Array.isArray(messages)) throw invalid("messages", "Input should be a valid list");
  if (messages.length === 0) throw invalid("messages", "at least one message is required");
  for (const [index, message] of (messages as unknown[]).entries()) {
    const path = `messages.${index}`;
    if (!isObject(message)) throw invalid(path, "Input should be an object");
    if (message["role"] !== "user" && message["role"] !== "assistant" && message["role"] !== "system")
      throw invalid(`${path}.role`, "Input should be 'user' or 'assistant'");
    if (message["content"] === undefined) throw invalid(`${path}.content`, "Field required");
    checkContent(message["content"], `${path}.content`, "message");
    checkRole(message as unknown as InputMessage, path);
  }
  if (!(messages as InputMessage[]).some(isAsking))
    throw invalid("messages", "at least one message must have non-empty content");
}

/** In another message the model would not see them. */
const rolesOfBlocks = new Map([
  ["tool_use", ["assistant"]],
  ["tool_result", ["user"]],
  ["image", ["user", "system"]],
]);

function checkRole({ role, content }: InputMessage, path: string): void {
  if (typeof content === "string") return;
  for (const { type } of content) {
    const roles = rolesOfBlocks.get(type);
    if (roles && !roles.includes(role))
      throw invalid(path, `\`${type}\` blocks can only be in \`${roles[0]}\` messages`);
  }
}

/** An empty message that is not the user's is left out of the canonical form. */
function isAsking({ role, content }: InputMessage): boolean {
  if (role === "user") return true;
  return typeof content === "string" ? content !== "" : !content.every(isEmptyText);
}

const isEmptyText = (block: ContentBlock): boolean =>
  (block.type === "text" && block.text === "") || (block.type === "compaction" && !block.content);

/** What a list of blocks stands in; it bounds how deep blocks stand in blocks. */
type Holder = "message" | "tool_result" | "document";

function checkContent(content: unknown, path: string, holder: Holder): void {
  if (typeof content === "string") return;
  if (!Array.isArray(content)) throw invalid(path, "Input should be a string or a list of content blocks");
  for (const [index, block] of (content as unknown[]).entries())
    checkBlock(block, `${path}.${index}`, holder);
}

function checkBlock(block: unknown, path: string, holder: Holder): void {
  if (!isObject(block)) throw invalid(path, "Input should be an object");
  switch (block["type"]) {
    case "text":
      return requireString(block, "text", path);
    case "thinking":
      return requireString(block, "thinking", path);
    case "compaction":
      return checkText(block, "content", path);
    case "image":
      return checkImageSource(block["source"], `${path}.source`);
    case "tool_use":
      requireString(block, "id", path);
      requireString(block, "name", path);
      if (!isObject(block["input"])) throw invalid(`${path}.input`, "Input should be an object");
      if (holder !== "message") throw invalid(path, `a tool_use cannot stand inside a ${holder}`);
      return;
    case "tool_result":
      requireString(block, "tool_use_id", path);
      if (holder !== "message") throw invalid(path, `a tool_result cannot stand inside a ${holder}`);
      if (block["content"] != null) checkContent(block["content"], `${path}.content`, "tool_result");
      return;
    case "tool_reference":
      return requireString(block, "tool_name", path);
    case "search_result":
      checkText(block, "source", path);
      checkText(block, "title", path);
      if (block["content"] != null) checkContent(block["content"], `${path}.content`, "document");
      return;
    case "document":
      if (holder === "document") throw invalid(path, "a document cannot stand inside a document");
      checkText(block, "title", path);
      checkText(block, "context", path);
      return checkDocumentSource(block["source"], `${path}.source`);
    default:
      if (typeof block["type"] !== "string") throw invalid(`${path}.type`, "Field required");
  }
}

function checkImageSource(source: unknown, path: string): void {
  if (!isObject(source)) throw invalid(path, "Input should be an object");
  if (source["type"] === "base64") {
    requireString(source, "media_type", path);
    requireString(source, "data", path);
  } else if (source["type"] === "url") requireString(source, "url", path);
  else if (typeof source["type"] !== "string") throw invalid(`${path}.type`, "Field required");
}

function checkDocumentSource(source: unknown, path: string): void {
  if (!isObject(source)) throw invalid(path, "Input should be an object");
  checkText(source, "media_type", path);
  if (source["type"] === "text" || source["type"] === "base64") requireString(source, "data", path);
  else if (source["type"] === "url") requireString(source, "url", path);
  else if (source["type"] === "content") checkContent(source["content"], `${path}.content`, "document");
  else if (typeof source["type"] !== "string") throw invalid(`${path}.type`, "Field required");
}

function checkSystem(system: unknown): void {
  if (system == null || typeof system === "string") return;
  if (!Array.isArray(system)) throw invalid("system", "Input should be a string or a list of text blocks");
  for (const [index, block] of (system as unknown[]).entries()) {
    if (!isObject(block) || block["type"] !== "text")
      throw invalid(`system.${index}`, "Input should be a text block");
    requireString(block, "text", `system.${index}`);
  }
}

function checkTools(tools: unknown): void {
  if (tools == null) return;
  if (!Array.isArray(tools)) throw invalid("tools", "Input should be a valid list");
  for (const [index, tool] of (tools as unknown[]).entries()) {
    if (!isObject(tool)) throw invalid(`tools.${index}`, "Input should be an object");
    checkText(tool, "type", `tools.${index}`);
    if (tool["name"] != null || isOffered(tool)) requireString(tool, "name", `tools.${index}`);
    if (tool["name"] === "") throw invalid(`tools.${index}.name`, "Input should have at least 1 character");
    checkText(tool, "description", `tools.${index}`);
    if (tool["input_schema"] != null && !isObject(tool["input_schema"]))
      throw invalid(`tools.${index}.input_schema`, "Input should be an object");
  }
}

/** Whether the model may be offered it: the others run on Anthropic's servers, and not all of them have a name. */
function isOffered({ type, input_schema }: Fields): boolean {
  return type == null || type === "custom" || input_schema != null || isDefinedByType(type as string);
}

const toolChoices = ["auto", "any", "tool", "none"];

function checkToolChoice(choice: unknown, tools: unknown): void {
  if (choice == null) return;
  if (!isObject(choice) || typeof choice["type"] !== "string")
    throw invalid("tool_choice", "Input should be an object with a type");
  const { type, name, disable_parallel_tool_use: isSingle } = choice;
  if (!toolChoices.includes(type))
    throw invalid("tool_choice", `Input tag '${type}' is none of 'auto', 'any', 'tool', 'none'`);
  if (isSingle != null && typeof isSingle !== "boolean")
    throw invalid("tool_choice.disable_parallel_tool_use", "Input should be a valid boolean");
  const given = Array.isArray(tools) ? (tools as Fields[]) : [];
  if (type === "any" && given.length === 0)
    throw invalid("tool_choice", "tool_choice may only be specified while providing tools");
  if (type !== "tool") return;
  requireString(choice, "name", "tool_choice");
  if (!given.some((tool) => tool["name"] === name))
    throw invalid("tool_choice", `Tool '${String(name)}' not found in provided tools`);
}

/** How much to think is the model's own choice: `budget_tokens` has no effect, so any number passes. */
function checkThinking(thinking: unknown): void {
  if (thinking == null) return;
  if (!isObject(thinking)) throw invalid("thinking", "Input should be an object");
  if (thinking["budget_tokens"] != null && typeof thinking["budget_tokens"] !== "number")
    throw invalid("thinking.budget_tokens", "Input should be a valid number");
}

function checkOutputFormat(format: unknown, path: string): void {
  if (format == null) return;
  if (!isObject(format)) throw invalid(path, "Input should be an object");
  if (format["type"] !== "json_schema") return;
  if (!isObject(format["schema"])) throw invalid(`${path}.schema`, "Input should be an object");
  const fault = findSchemaFault(format["schema"]);
  if (fault) throw invalid(`${path}.schema${fault.path}`, fault.message);
}

/**
 * A last message of the assistant's is the begin of the answer. It can be gone on with only where it is text. What the
 * model will not see does not stand behind it.
 */
function checkLastMessage({ messages, output_config, ...others }: MessagesRequest): void {
  const index = messages.findLastIndex((message) =>
    message.role === "assistant" ? finalBlock(message) !== undefined : isAsking(message),
  );
  const last = messages[index];
  if (last?.role !== "assistant") return;
  const { type, text, id } = finalBlock(last) as Fields;
  const path = `messages.${index}`;
  if (type === "tool_use")
    throw invalid(
      path,
      `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${String(id)}`,
    );
  if (type === "thinking" || type === "redacted_thinking")
    throw invalid(path, "The final block in an assistant message cannot be `thinking`");
  if (type !== "text") return;
  if (/\s$/.test(text as string))
    throw invalid("messages", "final assistant content cannot end with trailing whitespace");
  if (output_config?.format ?? (others as Fields)["output_format"])
    throw invalid("messages", "a prefilled assistant message cannot be combined with output_config.format");
}

/** Documents and what is found become texts. */
const shownTypes = [
  "text",
  "thinking",
  "redacted_thinking",
  "tool_use",
  "compaction",
  "tool_reference",
  "document",
  "search_result",
];

/** The last block of which the model will see something. */
function finalBlock({ content }: InputMessage): Fields | undefined {
  const blocks = typeof content === "string" ? [{ type: "text" as const, text: content }] : content;
  return blocks.findLast((block) => shownTypes.includes(block.type) && !isEmptyText(block)) as
    Fields | undefined;
}

function requireString(object: Fields, field: string, path: string): void {
  if (object[field] === undefined) throw invalid(`${path}.${field}`, "Field required");
  if (typeof object[field] !== "string") throw invalid(`${path}.${field}`, "Input should be a valid string");
}

function checkText(object: Fields, field: string, path: string): void {
  if (object[field] != null) requireString(object, field, path);
}

const invalid = (path: string, message: string) =>
  new ApiError("invalid_request_error", `${path}: ${message}`);

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const lengthOf = (texts: string[]): number => texts.reduce((length, text) => length + text.length, 0);

const isStringArray = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");
