import { describe, expect, it } from "vitest";
import { ApiError } from "#anthropic/errors.js";
import type { GenerationEnd, GenerationEvent } from "./inference-backend.js";
import { LostCallError } from "./lost-call.error.js";
import { retryLostCall } from "./retry-lost-call.js";

const end = (stopReason: GenerationEnd["stopReason"]): GenerationEnd => ({
  type: "end",
  stopReason,
  stopSequence: null,
  inputTokens: 1,
  outputTokens: 1,
  loadSeconds: 0,
  prefillSeconds: 0,
  decodeSeconds: 0,
});
const lostEnd: GenerationEnd = { ...end("end_turn"), hasLostCall: true };
const text = (value: string): GenerationEvent => ({ type: "text", text: value });
const call: GenerationEvent[] = [
  { type: "tool_use_start", name: "Write" },
  { type: "tool_use_input", partialJson: "{}" },
];

type Step = GenerationEvent | Error;

async function run(
  ...attempts: Step[][]
): Promise<{ events: GenerationEvent[]; error?: unknown; retries: number }> {
  const events: GenerationEvent[] = [];
  let retries = 0;
  async function* play(steps: Step[] = []): AsyncGenerator<GenerationEvent> {
    for (const step of steps) {
      if (step instanceof Error) throw step;
      yield step;
    }
  }
  try {
    for await (const event of retryLostCall(
      (attempt) => play(attempts[attempt]),
      () => (retries += 1),
    ))
      events.push(event);
    return { events, retries };
  } catch (error) {
    return { events, error, retries };
  }
}

describe("retryLostCall", () => {
  const lost = new LostCallError("lost");
  const lostAfterText = new LostCallError("lost", end("end_turn"));

  it("gives what was written for a call when the second run has none", async () => {
    const unread = new LostCallError("lost", end("end_turn"), "<tool_call>x");
    expect((await run([text("a"), unread], [text("b"), end("end_turn")])).events).toEqual([
      text("a"),
      text("<tool_call>x"),
      lostEnd,
    ]);
  });

  it("passes a good answer through", async () => {
    expect(await run([text("a"), end("end_turn")])).toEqual({
      events: [text("a"), end("end_turn")],
      retries: 0,
    });
  });

  it("runs again when nothing came out", async () => {
    expect(await run([lost], [...call, end("tool_use")])).toEqual({
      events: [...call, end("tool_use")],
      retries: 1,
    });
  });

  it("fails when the second run is lost too", async () => {
    expect(await run([lost], [lost])).toEqual({ events: [], error: lost, retries: 1 });
  });

  it("keeps the text that was seen and takes only the call from the second run", async () => {
    const { events } = await run(
      [text("Let me look."), lostAfterText],
      [text("I look."), ...call, end("tool_use")],
    );
    expect(events).toEqual([text("Let me look."), ...call, end("tool_use")]);
  });

  it.each([
    ["the second run calls nothing", [text("Done."), end("end_turn")]],
    ["the second run is lost too", [lostAfterText]],
  ])("ends with the text that was seen when %s", async (_name, second) => {
    const { events } = await run([text("Let me look."), lostAfterText], second);
    expect(events).toEqual([text("Let me look."), lostEnd]);
  });

  it("does not run again for another error", async () => {
    const other = new ApiError("api_error", "down");
    expect(await run([text("a"), other], [end("end_turn")])).toEqual({
      events: [text("a")],
      error: other,
      retries: 0,
    });
  });

  it("closes what it was reading when it is closed", async () => {
    let isClosed = false;
    async function* source(): AsyncGenerator<GenerationEvent> {
      try {
        yield text("a");
        yield text("b");
      } finally {
        isClosed = true;
      }
    }
    const events = retryLostCall(source, () => undefined);
    await events.next();
    await events.return(undefined);
    expect(isClosed).toBe(true);
  });
});
