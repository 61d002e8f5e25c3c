import { bare, toCanonicalContent } from "./canonical-content.js";
import type { ContentBlock, InputMessage, ToolResultBlock, UnknownBlock } from "./messages.js";

export interface CanonicalMessage {
  role: "user" | "assistant";
  content: ContentBlock[];
}

/** The conversation in canonical form; the input is not changed. */
export function toCanonicalMessages(messages: InputMessage[]): CanonicalMessage[] {
  return renameToolIds(orderToolResults(joinTurns(withoutEmptyPrefill(foldSystemMessages(messages)))));
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

/** Empty messages of the assistant's at the end ask for nothing that their absence does not. */
function withoutEmptyPrefill(messages: CanonicalMessage[]): CanonicalMessage[] {
  const end = messages.findLastIndex(({ role, content }) => role !== "assistant" || content.length > 0) + 1;
  return end < messages.length ? messages.slice(0, end) : messages;
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
