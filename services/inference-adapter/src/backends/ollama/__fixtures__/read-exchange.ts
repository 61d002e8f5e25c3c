import { existsSync, readFileSync, readdirSync } from "node:fs";

const folder = new URL("./", import.meta.url);
const readText = (file: string): string => readFileSync(new URL(file, folder), "utf8");
const readJson = (file: string): Record<string, unknown> => JSON.parse(readText(file)) as Record<string, unknown>;

/** What was once said between a client and a real Ollama. */
export interface Exchange {
  name: string;
  path: string;
  status: number;
  answer: string;
}

function readExchange(name: string): Exchange {
  const meta = readJson(`${name}.meta.json`);
  const request = readJson(`${name}.json`);
  return {
    name,
    path: (request["path"] ?? meta["path"]) as string,
    status: meta["status"] as number,
    answer: readText(existsSync(new URL(`${name}.ndjson`, folder)) ? `${name}.ndjson` : `${name}.body`),
  };
}

export const exchanges: Exchange[] = readdirSync(folder)
  .filter((file) => file.endsWith(".meta.json"))
  .map((file) => readExchange(file.replace(/\.meta\.json$/, "")))
  .sort((a, b) => (a.name < b.name ? -1 : 1));

/** The last lines of a stream whose runner was killed. */
export const runnerKilled: string = readText("chat-runner-killed.tail");

/** Where the file snapshot of a name lies. */
export const snapshotPath = (kind: "transcripts" | "requests", file: string): string =>
  new URL(`${kind}/${file}`, folder).pathname;
