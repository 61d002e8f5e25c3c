import { withDefinition } from "./known-tools.js";
import type {
  ContentBlock,
  InputMessage,
  MessagesRequest,
  OutputConfig,
  TextBlock,
  Tool,
  ToolChoice,
  ToolResultBlock,
  UnknownBlock,
} from "./messages.js";

// The one form of a request that the cache key is made of and that the model sees. It drops what has no
// meaning for the model and makes equal requests equal, so that answers are found again and the backend's
// KV prefix stays warm. A deny-list: what is not named here is kept.

/** A request in canonical form: contents are always lists of blocks, `system` too. */
export interface CanonicalRequest extends Omit<MessagesRequest, "system" | "stream" | "metadata"> {
  system?: TextBlock[];
  messages: CanonicalMessage[];
}

export interface CanonicalMessage {
  role: "user" | "assistant";
  content: ContentBlock[];
}

/** The request in canonical form; the input is not changed. Applied twice it changes nothing more. */
export function toCanonicalRequest(request: MessagesRequest): CanonicalRequest {
  const {
    system,
    tools,
    messages,
    metadata: _metadata,
    stream: _stream,
    thread: _thread,
    ...rest
  } = withoutDefaults(withOutputFormat(bare(request)));
  const canonicalSystem = toCanonicalSystem(system ?? []);
  const canonicalTools = toCanonicalTools(tools ?? [], messages);
  return {
    ...rest,
    ...(canonicalSystem.length > 0 ? { system: canonicalSystem } : {}),
    ...(canonicalTools.length > 0 ? { tools: canonicalTools } : {}),
    messages: renameToolIds(orderToolResults(joinTurns(withoutEmptyPrefill(foldSystemMessages(messages))))),
  };
}

/** What says the same as its absence, as some clients write it. */
function withoutDefaults(request: MessagesRequest): MessagesRequest {
  const { stop_sequences, thinking, tool_choice, output_config, ...kept } = request;
  const config = output_config && bare(output_config);
  const choice = tool_choice && toCanonicalChoice(tool_choice);
  return {
    ...kept,
    ...(stop_sequences?.length ? { stop_sequences } : {}),
    ...(thinking && thinking.type !== "disabled" ? { thinking: bare(thinking) } : {}),
    ...(choice ? { tool_choice: choice } : {}),
    ...(config && Object.keys(config).length > 0 ? { output_config: config } : {}),
  };
}

function toCanonicalChoice(asked: ToolChoice): ToolChoice | undefined {
  const choice = bare(asked);
  if (choice.type === "none" || choice.disable_parallel_tool_use) return choice;
  if (choice.type === "auto") return undefined;
  const { disable_parallel_tool_use: _default, ...kept } = choice;
  return kept;
}

/** The name that `output_config.format` had in a beta. */
function withOutputFormat(
  asked: MessagesRequest & { output_format?: OutputConfig["format"] },
): MessagesRequest {
  if (asked.output_format === undefined) return asked;
  const { output_format, output_config, ...request } = asked;
  return { ...request, output_config: { ...output_config, format: output_config?.format ?? output_format } };
}

/** Empty messages of the assistant's at the end ask for nothing that their absence does not. */
function withoutEmptyPrefill(messages: CanonicalMessage[]): CanonicalMessage[] {
  const end = messages.findLastIndex(({ role, content }) => role !== "assistant" || content.length > 0) + 1;
  return end < messages.length ? messages.slice(0, end) : messages;
}

/**
 * Without the caching hint and without null members, for null is absent. Only at the object itself: what stands
 * inside a tool's input or schema belongs to the model.
 */
function bare<T extends object>(object: T): T {
  const isDropped = (name: string) => object[name as keyof T] === null || name === "cache_control";
  if (!Object.keys(object).some(isDropped)) return object;
  return Object.fromEntries(Object.entries(object).filter(([name]) => !isDropped(name))) as T;
}

function toCanonicalSystem(system: string | TextBlock[]): TextBlock[] {
  const blocks: TextBlock[] = typeof system === "string" ? [{ type: "text", text: system }] : system;
  return blocks
    .map((block) => ({ ...bare(block), text: withoutBillingLines(block.text) }))
    .filter(({ text }) => text !== "");
}

/** Claude Code sends the billing line as a block of its own, proxies join it with the prompt: only the line goes. */
function withoutBillingLines(text: string): string {
  let start = 0;
  while (text.startsWith("x-anthropic-billing-header:", start)) {
    const end = text.indexOf("\n", start);
    if (end === -1) return "";
    start = end + 1;
  }
  return text.slice(start);
}

function toCanonicalContent(content: string | ContentBlock[]): ContentBlock[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  const kept: ContentBlock[] = [];
  for (const block of content) {
    const canonical = toCanonicalBlock(block);
    if (canonical.type !== "text" || canonical.text !== "") kept.push(canonical);
  }
  return kept;
}

function toCanonicalBlock(block: ContentBlock): ContentBlock {
  const kept = bare(block);
  if (kept.type === "tool_reference") {
    const { tool_name, ...rest } = kept;
    return { ...rest, type: "text", text: `Tool ${tool_name} is available now.` };
  }
  // The summary that stands for what was said before it.
  if (kept.type === "compaction") {
    const { content, ...rest } = kept;
    return { ...rest, type: "text", text: content ?? "" };
  }
  if (kept.type === "tool_result") {
    const { is_error, content, ...rest } = kept;
    return { ...rest, ...(is_error ? { is_error } : {}), content: toCanonicalContent(content ?? []) };
  }
  if (kept.type === "search_result") return { ...kept, content: toCanonicalContent(kept.content ?? []) };
  if (kept.type === "document" && kept.source.type === "content")
    return { ...kept, source: { ...kept.source, content: toCanonicalContent(kept.source.content) } };
  return kept;
}

/**
 * Claude Code sends environment, agents and skills as `role: "system"` messages. They become
 * `<system-reminder>` blocks at the front of the user message before, where its own folding puts them.
 */
function foldSystemMessages(messages: InputMessage[]): CanonicalMessage[] {
  const folded: { message: CanonicalMessage; reminders: ContentBlock[] }[] = [];
  for (const message of messages) {
    const { role, content } = message;
    const fields = otherFields(message);
    const blocks = toCanonicalContent(content);
    if (role !== "system") {
      folded.push({ message: { ...fields, role, content: blocks }, reminders: [] });
      continue;
    }
    const reminders = [...toUnknownBlocks(fields), ...blocks.map(toReminder)];
    if (reminders.length === 0) continue;
    let last = folded.at(-1);
    if (last?.message.role !== "user") {
      last = { message: { role: "user", content: [] }, reminders: [] };
      folded.push(last);
    }
    for (const reminder of reminders) last.reminders.push(reminder);
  }
  return folded.map(({ message, reminders }) =>
    reminders.length === 0 ? message : { ...message, content: [...reminders, ...message.content] },
  );
}

/** Most messages have none; a rest of an object that has none is dear. */
function otherFields(message: InputMessage): object {
  if (Object.keys(message).length === 2) return noFields;
  const { role: _role, content: _content, ...fields } = message;
  return bare(fields);
}

const noFields = {};

const toReminder = (block: ContentBlock): ContentBlock =>
  block.type === "text"
    ? { ...block, text: `<system-reminder>\n${block.text}\n</system-reminder>\n` }
    : block;

/** What a system message holds besides role and content has no place in a user message: a block keeps it in the key. */
function toUnknownBlocks(fields: object): ContentBlock[] {
  const block: UnknownBlock & { fields: object } = { type: "unknown", fields };
  return Object.keys(fields).length === 0 ? [] : [block];
}

/**
 * Neighbouring messages of one role are one turn, as Anthropic reads them. Ollama's templates show only the first one's
 * calls, and results stand in their calls' order only within one message. What a user says in several messages without
 * results stays so.
 */
function joinTurns(messages: CanonicalMessage[]): CanonicalMessage[] {
  const turns: CanonicalMessage[] = [];
  let start = 0;
  while (start < messages.length) {
    const role = messages[start]?.role;
    let end = start + 1;
    while (messages[end]?.role === role) end += 1;
    const run = messages.slice(start, end);
    if (role === "assistant" || run.some(hasResult)) turns.push(toOneTurn(run));
    else for (const message of run) turns.push(message);
    start = end;
  }
  return turns;
}

const hasResult = ({ content }: CanonicalMessage): boolean =>
  content.some(({ type }) => type === "tool_result");

function toOneTurn([first, ...others]: CanonicalMessage[]): CanonicalMessage {
  const turn = { ...(first as CanonicalMessage) };
  for (const { content, ...fields } of others) {
    Object.assign(turn, fields);
    for (const block of content) turn.content.push(block);
  }
  return turn;
}

/**
 * Results name their calls, so a client may send them as the tools end. Most templates show a result without its id:
 * the model takes the first for that of its first call.
 */
function orderToolResults(messages: CanonicalMessage[]): CanonicalMessage[] {
  return messages.map((message, index) => {
    const calls = (messages[index - 1]?.content ?? []).filter((block) => block.type === "tool_use");
    const results = message.content.filter((block) => block.type === "tool_result");
    if (calls.length < 2 || results.length < 2) return message;
    const places = new Map(calls.map(({ id }, place) => [id, place]));
    const placeOf = ({ tool_use_id }: ToolResultBlock): number => places.get(tool_use_id) ?? calls.length;
    const ordered = results.toSorted((a, b) => placeOf(a) - placeOf(b)).values();
    const content = message.content.map((block) =>
      block.type === "tool_result" ? (ordered.next().value ?? block) : block,
    );
    return { ...message, content };
  });
}

/** The server mints tool ids anew in every answer, so they are numbered in their order; pairs stay pairs. */
function renameToolIds(messages: CanonicalMessage[]): CanonicalMessage[] {
  const names = new Map<string, string>();
  const rename = (id: string): string => {
    let name = names.get(id);
    if (name === undefined) {
      name = `toolu_${names.size + 1}`;
      names.set(id, name);
    }
    return name;
  };
  for (const message of messages)
    message.content = message.content.map((block) => {
      if (block.type === "tool_use") return { ...block, id: rename(block.id) };
      if (block.type === "tool_result") return { ...block, tool_use_id: rename(block.tool_use_id) };
      return block;
    });
  return messages;
}

/**
 * Tools found by Claude Code's tool search join the list at their alphabetical place, which would shift the
 * whole prompt: they go behind the others, in the order in which they were found.
 */
function toCanonicalTools(tools: Tool[], messages: InputMessage[]): Tool[] {
  if (tools.length === 0) return [];
  const found = foundTools(messages);
  const rank = ({ name, defer_loading }: Tool): number =>
    defer_loading ? (found.get(name) ?? found.size) : -1;
  return tools
    .filter(({ name }) => name !== "DeferredToolPlaceholder")
    .map((tool) => ({ tool, rank: rank(tool) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ tool }) => toCanonicalTool(bare(tool)));
}

function toCanonicalTool({ defer_loading: _dropped, ...tool }: Tool): Tool {
  if (tool.type === "custom") delete tool.type;
  if (tool.strict === false) delete tool.strict;
  return withDefinition(tool);
}

/** The tools that tool results refer to, each with its place in the order in which they were found. */
function foundTools(messages: InputMessage[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const { content } of messages)
    for (const block of typeof content === "string" ? [] : content)
      if (block.type === "tool_result" && Array.isArray(block.content))
        for (const inner of block.content)
          if (inner.type === "tool_reference" && !found.has(inner.tool_name))
            found.set(inner.tool_name, found.size);
  return found;
}
