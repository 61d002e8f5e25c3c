// Recorded exchanges with a real Ollama, and what two answers must have in common to be the same to a client.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Recording {
  method: string;
  path: string;
  body: unknown;
  status: number;
  contentType: string | undefined;
  answer: string;
}

interface Line {
  message?: { content?: string; thinking?: string; tool_calls?: { function: object }[] };
  response?: string;
  done?: boolean;
  done_reason?: string;
  error?: string;
}

const folder = join(import.meta.dirname, "__fixtures__");
const read = (name: string): string => readFileSync(join(folder, name), "utf8");

export function readRecording(name: string): Recording {
  const request = JSON.parse(read(`${name}.json`)) as { method?: string; path?: string; body?: unknown };
  const meta = JSON.parse(read(`${name}.meta.json`)) as {
    status: number;
    path?: string;
    headers?: Record<string, string>;
  };
  return {
    method: request.method ?? "POST",
    path: request.path ?? meta.path ?? "/api/chat",
    body: "body" in request ? request.body : request,
    status: meta.status,
    contentType: meta.headers?.["Content-Type"],
    answer: read(existsSync(join(folder, `${name}.ndjson`)) ? `${name}.ndjson` : `${name}.body`),
  };
}

export function send(url: string, { method, path, body }: Recording): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return fetch(url + path, { method, body: method === "POST" ? text : undefined });
}

/** Lines in order, neighbours of one kind joined; without times, ids, counts and where tokens end. */
export function toTranscript(answer: string): object[] {
  const transcript: { shape: string; text: string; calls: object[]; end: unknown }[] = [];
  for (const json of answer.trim().split("\n")) {
    const line = JSON.parse(json) as Line;
    const { message, response = "" } = line;
    const shape = [...Object.keys(line), ...Object.keys(message ?? {}).map((key) => `message.${key}`)]
      .sort()
      .join(" ");
    const text = `${message?.thinking ?? ""}${message?.content ?? response}`;
    const calls = (message?.tool_calls ?? []).map((call) => call.function);
    const end = line.error ?? line.done_reason;
    const last = transcript.at(-1);
    if (last?.shape === shape && calls.length === 0) last.text += text;
    else transcript.push({ shape, text, calls, end });
  }
  return transcript;
}

/** Every key in a JSON value, with the kind of its value; arrays by their first element. */
export function toKeys(value: unknown, at = ""): string[] {
  if (Array.isArray(value)) return value.length > 0 ? toKeys(value[0], `${at}[]`) : [`${at}[]`];
  if (typeof value !== "object" || value === null)
    return [`${at}: ${value === null ? "null" : typeof value}`];
  return Object.entries(value)
    .flatMap(([key, inner]) => toKeys(inner, `${at}/${key}`))
    .sort();
}
