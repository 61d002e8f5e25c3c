import { expect } from "vitest";
import type { Message } from "#anthropic/messages.js";
import { decodeEvents } from "#anthropic/sse.js";
import { foldMessage } from "#anthropic/fold-message.js";

/** How many times more than usual: `npm run test:slow` takes minutes. */
export const thoroughness = process.env["SLOW"] ? 20 : 1;

interface ErrorAnswer {
  type: string;
  error: { type: string; message: string };
}

/** An answer as a client may get one, whatever was sent: whole, or an error that says what is wrong. */
export async function expectCivil(response: Response, highestStatus = 499): Promise<"answered" | "refused"> {
  const text = await response.text();
  if (response.status === 200) return expectWhole(response.headers.get("content-type") ?? "", text);
  expectError(text);
  expect([response.status, text]).toSatisfy(([status]: [number, string]) => status <= highestStatus);
  return "refused";
}

async function expectWhole(type: string, text: string): Promise<"answered" | "refused"> {
  if (!type.startsWith("text/event-stream")) {
    expect(JSON.parse(text)).toBeTypeOf("object");
    return "answered";
  }
  const error = /^event: error\ndata: (.*)$/m.exec(text)?.[1];
  if (error !== undefined) {
    expectError(error);
    expect(text).not.toContain("event: message_stop");
    return "refused";
  }
  await expect(foldText(text)).resolves.toMatchObject({ type: "message" });
  return "answered";
}

async function foldText(text: string): Promise<Message> {
  const bytes = (async function* () {
    yield new TextEncoder().encode(text);
  })();
  return foldMessage(decodeEvents(bytes));
}

/** Also not one that nobody foresaw. */
export function expectError(text: string): void {
  const { type, error } = JSON.parse(text) as ErrorAnswer;
  expect(type).toBe("error");
  expect(error.type).toBeTypeOf("string");
  expect(error.message).toSatisfy((message: string) => message !== "" && message !== "Internal server error");
}
