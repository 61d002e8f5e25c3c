import type { ContentBlock, InputMessage, MessagesRequest, TextBlock, Tool } from "./messages.js";

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
  const { system, tools, messages, ...rest } = request as MessagesRequest & Record<string, unknown>;
  delete rest["metadata"];
  delete rest["stream"];
  delete rest["cache_control"];
  for (const [name, value] of Object.entries(rest)) if (value === null) delete rest[name];
  const canonicalSystem = toCanonicalSystem(system);
  return {
    ...rest,
    ...(canonicalSystem.length > 0 ? { system: canonicalSystem } : {}),
    ...(tools && tools.length > 0 ? { tools: toCanonicalTools(tools, messages) } : {}),
    messages: renameToolIds(foldSystemMessages(messages)),
  };
}

function toCanonicalSystem(system: MessagesRequest["system"]): TextBlock[] {
  return toTextBlocks(system ?? []).filter(({ text }) => !text.startsWith("x-anthropic-billing-header"));
}

function toTextBlocks(content: string | TextBlock[]): TextBlock[] {
  const blocks: TextBlock[] = typeof content === "string" ? [{ type: "text", text: content }] : content;
  return blocks.filter(({ text }) => text !== "").map(withoutCacheControl);
}

function toCanonicalContent(content: string | ContentBlock[]): ContentBlock[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  return content.filter((block) => block.type !== "text" || block.text !== "").map(toCanonicalBlock);
}

function toCanonicalBlock(block: ContentBlock): ContentBlock {
  const bare = withoutCacheControl(block);
  if (bare.type === "tool_reference")
    return { type: "text", text: `Tool ${bare.tool_name} is available now.` };
  if (bare.type !== "tool_result") return bare;
  const { is_error, content, ...rest } = bare;
  return {
    ...rest,
    ...(is_error ? { is_error } : {}),
    content: toCanonicalContent(content ?? []),
  };
}

function withoutCacheControl<T extends object>(block: T): T {
  if (!("cache_control" in block)) return block;
  const { cache_control: _dropped, ...rest } = block;
  return rest as T;
}

/**
 * Claude Code sends environment, agents and skills as `role: "system"` messages. They become
 * `<system-reminder>` blocks at the front of the user message before, where its own folding puts them.
 */
function foldSystemMessages(messages: InputMessage[]): CanonicalMessage[] {
  const folded: CanonicalMessage[] = [];
  let remindersInLast = 0;
  for (const { role, content, ...rest } of messages) {
    if (role !== "system") {
      folded.push({ ...withoutCacheControl(rest), role, content: toCanonicalContent(content) });
      remindersInLast = 0;
      continue;
    }
    const reminders = toTextBlocks(content as string | TextBlock[]).map(toReminder);
    let target = folded.at(-1);
    if (target?.role !== "user") {
      target = { role: "user", content: [] };
      folded.push(target);
      remindersInLast = 0;
    }
    target.content.splice(remindersInLast, 0, ...reminders);
    remindersInLast += reminders.length;
  }
  return folded;
}

const toReminder = ({ text }: TextBlock): TextBlock => ({
  type: "text",
  text: `<system-reminder>\n${text}\n</system-reminder>\n`,
});

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
  const found = toolReferences(messages);
  const rank = ({ name, defer_loading }: Tool): number => {
    if (!defer_loading) return -1;
    const index = found.indexOf(name);
    return index === -1 ? found.length : index;
  };
  return tools
    .filter(({ name }) => name !== "DeferredToolPlaceholder")
    .map((tool) => ({ tool, rank: rank(tool) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ tool }) => {
      const { defer_loading: _dropped, ...rest } = withoutCacheControl(tool);
      return rest;
    });
}

function toolReferences(messages: InputMessage[]): string[] {
  const names: string[] = [];
  for (const { content } of messages)
    for (const block of typeof content === "string" ? [] : content)
      if (block.type === "tool_result" && Array.isArray(block.content))
        for (const inner of block.content) if (inner.type === "tool_reference") names.push(inner.tool_name);
  return names;
}
