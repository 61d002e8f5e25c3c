import type { ProseContext } from "./prose-context.js";

/** Where a line of the text, which goes on from `prose`, begins with `{` outside of fences and the like. */
export function findBareJson(text: string, prose: ProseContext): number | undefined {
  let context: ProseContext | undefined;
  let read = 0;
  for (const { index, 0: found } of text.matchAll(/(?:^|\n)[ \t]*\{/g)) {
    if (index === 0 && found === "{" && prose.isMidLine) continue;
    context ??= prose.copy();
    const start = index + found.length - 1;
    context.read(text.slice(read, start));
    read = start;
    if (context.allowsCall) return start;
  }
  return undefined;
}
