import { hash } from "node:crypto";
import type { ChatPrompt, PromptMessage } from "./prompt-source.js";
import { unguessable } from "./unguessable.js";

// A prompt is the template's text with the messages' contents in it. Its outline is all but those contents:
// prompts of the same outline differ in nothing else, so that one rendering of the outline stands for them all.

export interface PromptOutline {
  original: ChatPrompt;
  /** The prompt with a marker in place of each content. */
  prompt: ChatPrompt;
  /** What the markers stand for. */
  contents: string[];
  images: number;
  key: string;
  toolsKey: string;
}

export function toPromptOutline(original: ChatPrompt): PromptOutline {
  const { messages, tools, think } = original;
  const contents: string[] = [];
  let images = 0;
  const marked = messages.map(({ images: own = [], ...message }): PromptMessage => {
    images += own.length;
    return { ...message, content: withMarker(message.content, contents) };
  });
  const toolsKey = tools.length === 0 ? "" : digest(tools);
  const prompt = { messages: marked, tools, think };
  return { original, prompt, contents, images, toolsKey, key: digest([marked, toolsKey, think]) };
}

/**
 * White space around a content stays in the outline, because some templates trim it; so do contents that some
 * templates look into, and empty ones.
 */
function withMarker(content: string, contents: string[]): string {
  const text = content.trim();
  if (text === "" || /<\/?think|tool_response>|\[img/.test(text)) return content;
  const start = content.indexOf(text);
  contents.push(text);
  return content.slice(0, start) + toMarker(contents.length - 1) + content.slice(start + text.length);
}

const marker = new RegExp(`${unguessable}n(\\d+)e`);
const toMarker = (index: number): string => `${unguessable}n${index}e`;

/** The template's text (strings) and, between, the places of contents (numbers). */
export type PromptGlue = (string | number)[];

export const parseGlue = (rendered: string): PromptGlue =>
  rendered.split(marker).map((part, index) => (index % 2 === 0 ? part : Number(part)));

export const toRenderedPrompt = (glue: PromptGlue, contents: string[]): string =>
  glue.map((part) => (typeof part === "string" ? part : (contents[part] ?? ""))).join("");

const digest = (value: unknown): string => hash("sha1", JSON.stringify(value), "base64");
