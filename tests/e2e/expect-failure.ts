import { expect } from "vitest";
import { readEvents } from "../support/stack.js";

/** A failure with its true status, in Anthropic's shape. */
export async function expectRefusal(response: Response, status: number, type: string): Promise<void> {
  const body: unknown = await response.json();
  expect([response.status, body]).toEqual([
    status,
    {
      type: "error",
      error: { type, message: expect.any(String) as string },
      request_id: response.headers.get("request-id"),
    },
  ]);
}

/** A stream that began, and ends with exactly one error event. */
export async function expectErrorEvent(response: Response, type: string): Promise<void> {
  expect(response.status).toBe(200);
  const events = await readEvents(response);
  expect(events.at(-1)).toEqual({
    type: "error",
    error: { type, message: expect.any(String) as string },
    request_id: response.headers.get("request-id"),
  });
  expect(events.filter(({ type: known }) => known === "error")).toHaveLength(1);
  expect(events.map(({ type: known }) => known)).not.toContain("message_stop");
}
