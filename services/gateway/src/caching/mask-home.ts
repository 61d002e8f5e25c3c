import type { Message } from "#anthropic/messages.js";

/** Stands for the asker's Claude Code folder in keys and in stored answers. */
export const maskedHome = "<HOME>/.claude";

/** An answer as it is stored: without the asker's folder. */
export function maskHome(message: Message, home: string | undefined): Message {
  if (home === undefined) return message;
  const path = standingAlone(home);
  // An answer may say `<HOME>` itself: a backslash keeps that apart.
  const mask = (text: string) => text.replaceAll(/<(\\*)HOME>/g, "<$1\\HOME>").replaceAll(path, maskedHome);
  return mapTexts(message, mask) as Message;
}

/** A stored answer for somebody whose folder is `home`. */
export function unmaskHome(message: Message, home: string | undefined): Message {
  if (home === undefined) return message;
  const unmask = (text: string) =>
    text.replaceAll(/<HOME>\/\.claude|<(\\*)\\HOME>/g, (_match, slashes: string | undefined) =>
      slashes === undefined ? home : `<${slashes}HOME>`,
    );
  return mapTexts(message, unmask) as Message;
}

/** The path itself and what is in it, but no longer path that it is only a piece of. */
function standingAlone(path: string): RegExp {
  const escaped = path.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
  return new RegExp(String.raw`(?<![\p{L}\p{N}_.~)}*-])${escaped}(?![\p{L}\p{N}_-]|\.[\p{L}\p{N}_])`, "gu");
}

/** Every text in a JSON value, the names of members too. */
function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === "string") return map(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [map(name), mapTexts(member, map)]),
  );
}
