import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { ContentBlock, Message } from "#anthropic/messages.js";

// Claude Code writes the day and the path of its memory folder into its own instructions, so the same
// question from another day or HOME has another key. Masking them is opt-in (CACHE_NORMALIZE): the answer
// of yesterday may say what day it is. Only the client's own instructions are masked, never cwd, git status,
// file contents or tool results.

export const normalizations = ["date", "home"] as const;
export type Normalization = (typeof normalizations)[number];

export interface NormalizedRequest {
  /** What the key is made of. */
  request: CanonicalRequest;
  /** The client's Claude Code folder, `<HOME>/.claude`, where it was masked. */
  home: string | undefined;
}

const datePattern = /Today's date is \d{4}-\d{2}-\d{2}/g;
const homePattern = /(\/[^\s`"']*?\/\.claude)\/projects\//;
const maskedHome = "<HOME>/.claude";

/** `CACHE_NORMALIZE`: a list of what is masked. @throws Error saying what it may be */
export function parseNormalizations(text: string): Normalization[] {
  const names = text.split(",").map((name) => name.trim());
  const known = names.filter((name): name is Normalization => normalizations.includes(name as Normalization));
  if (known.length !== names.filter((name) => name !== "").length)
    throw new Error(`must be a list of ${normalizations.join(" and ")}`);
  return known;
}

/** The request with what `CACHE_NORMALIZE` names masked. The model still sees the original. */
export function normalizeRequest(
  request: CanonicalRequest,
  enabled: readonly Normalization[],
): NormalizedRequest {
  if (enabled.length === 0) return { request, home: undefined };
  const home = enabled.includes("home") ? findHome(request) : undefined;
  const mask = (text: string): string => {
    const undated = enabled.includes("date") ? text.replaceAll(datePattern, "Today's date is <date>") : text;
    return home === undefined ? undated : undated.replaceAll(home, maskedHome);
  };
  const maskReminder = (block: ContentBlock): ContentBlock =>
    block.type === "text" && block.text.startsWith("<system-reminder>")
      ? { ...block, text: mask(block.text) }
      : block;
  return {
    request: {
      ...request,
      ...(request.system
        ? { system: request.system.map((block) => ({ ...block, text: mask(block.text) })) }
        : {}),
      messages: request.messages.map((message) =>
        message.role === "user" ? { ...message, content: message.content.map(maskReminder) } : message,
      ),
    },
    home,
  };
}

/** An answer as it is stored: without the asker's folder. */
export function maskHome(message: Message, home: string | undefined): Message {
  return home === undefined ? message : replaceInJson(message, home, maskedHome);
}

/** A stored answer for somebody whose folder is `home`. */
export function unmaskHome(message: Message, home: string | undefined): Message {
  return home === undefined ? message : replaceInJson(message, maskedHome, home);
}

function findHome({ system, messages }: CanonicalRequest): string | undefined {
  const reminders = (messages[0]?.content ?? []).flatMap((block) =>
    block.type === "text" ? [block.text] : [],
  );
  for (const text of [...(system ?? []).map((block) => block.text), ...reminders]) {
    const home = homePattern.exec(text)?.[1];
    if (home !== undefined) return home;
  }
  return undefined;
}

function replaceInJson(message: Message, from: string, to: string): Message {
  const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
  return JSON.parse(JSON.stringify(message).replaceAll(inJson(from), inJson(to))) as Message;
}
