import { readFile, rename, writeFile } from "node:fs/promises";
import type { PromptPrefix } from "./to-prefix-requests.js";

const version = 1;

/** The prefixes of a file; none where there is no such file. @throws Error where it is not one of ours */
export async function readPrefixFile(path: string): Promise<[model: string, prefix: PromptPrefix][]> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return [];
  const content = JSON.parse(text) as { version?: unknown; prefixes?: unknown };
  if (content.version !== version || !isPrefixes(content.prefixes))
    throw new Error("it holds something else");
  return Object.entries(content.prefixes);
}

/** Whole or not at all, and for its owner only: system prompts name folders, and tools may be private. */
export async function writePrefixFile(path: string, prefixes: [string, PromptPrefix][]): Promise<void> {
  const unfinished = `${path}.new`;
  const content = JSON.stringify({ version, prefixes: Object.fromEntries(prefixes) });
  await writeFile(unfinished, content, { mode: 0o600 });
  await rename(unfinished, path);
}

function isPrefixes(value: unknown): value is Record<string, PromptPrefix> {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value as Record<string, Partial<PromptPrefix> | null>).every(
      (prefix) =>
        prefix !== null &&
        typeof prefix === "object" &&
        isListOrAbsent(prefix.system) &&
        isListOrAbsent(prefix.tools),
    )
  );
}

const isListOrAbsent = (value: unknown): boolean => value === undefined || Array.isArray(value);
