import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { type CanonicalRequest, toCanonicalRequest } from "#anthropic/canonical-request.js";
import { ApiError } from "#anthropic/errors.js";
import { foldMessage } from "#anthropic/fold-message.js";
import type { Message, MessagesRequest } from "#anthropic/messages.js";
import { frameMessageEvents } from "../framing/frame-message-events.js";
import type { PromptCounter } from "../tokens/prompt-counter.js";
import type { GenerationEvent, InferenceBackend, ServedModel } from "./inference-backend.js";

// What every backend keeps, in front of a server with the scripted tiny model, real or not. The words `@@…` in a
// prompt choose what the model says.

export interface BackendUnderTest {
  backend: InferenceBackend;
  counter: PromptCounter;
  /** The names of the scripted models; none where a request cannot say whether the model thinks. */
  model: string;
  thinkingModel: string | undefined;
  /** The window that the model is run with. */
  windowTokens: number;
  /** Where the server is a stand-in: its faults. */
  faults?: FaultyServer;
  close(): Promise<void>;
}

export type Fault =
  | "no such model"
  | "a bad request"
  | "a fault of its own"
  | "a full queue"
  /** Behind the first piece of an answer. */
  | "an end too early"
  | "a reset"
  | "garbage"
  | "an error"
  | "silence";

export interface FaultyServer {
  /** How the next answer fails. */
  play(fault: Fault): void;
  /** From now on it takes connections and answers nothing. */
  hang(): void;
  /** How many answers were asked for, and how many of them were given up by us before their end. */
  asked(): number;
  givenUp(): number;
  stop(): Promise<void>;
}

/** Limits that suit the faults: silence is given up soon, a stopped server sooner. */
export const shortClocks = { firstEventTimeoutMs: 4000, idleTimeoutMs: 400, probeIntervalMs: 100 };

const never = new AbortController().signal;
const weather = {
  name: "get_weather",
  description: "Get the weather",
  input_schema: {
    type: "object",
    properties: { city: { type: "string" }, days: { type: "integer" }, metric: { type: "boolean" } },
    required: ["city"],
  },
};
const bash = {
  name: "Bash",
  description: "Run a command",
  input_schema: {
    type: "object",
    properties: { command: { type: "string" }, description: { type: "string" } },
    required: ["command"],
  },
};
const ask = (content: string, fields: Partial<MessagesRequest> = {}): CanonicalRequest =>
  toCanonicalRequest({ model: "tiny", messages: [{ role: "user", content }], ...fields });

export function describeBackend(
  name: string,
  start: () => Promise<BackendUnderTest>,
  options: { timeout: number; retry?: number } = { timeout: 30_000 },
): void {
  describe(name, options, () => {
    let tested: BackendUnderTest;
    beforeAll(async () => {
      tested = await start();
    }, options.timeout * 4);
    afterAll(() => tested?.close());

    async function find(model = tested.model): Promise<ServedModel> {
      const listed = (await tested.backend.listModels()).find((one) => one.name === model);
      if (!listed) throw new Error(`the server has no model ${model}`);
      return { ...listed, contextLength: tested.windowTokens, fingerprint: "f" };
    }
    const run = async (request: CanonicalRequest, signal = never, model?: string) =>
      collect(tested.backend.generate(request, await find(model), signal));
    const answer = async (request: CanonicalRequest, model?: string): Promise<Message> =>
      foldMessage(
        frameMessageEvents(tested.backend.generate(request, await find(model), never), {
          model: "tiny",
          inputTokens: 1,
        }),
      );

    describe("tells of a model", () => {
      it("its identity, which stays the same, and what it can do", async () => {
        const model = await find();
        expect(model.digest).not.toBe("");
        expect(model.digest).toBe((await find()).digest);
        expect(model.capabilities).toContain("tools");
        expect(Number.isNaN(Date.parse(model.modifiedAt))).toBe(false);
        expect(model.fixedContextLength ?? model.trainedContextLength).toBeGreaterThanOrEqual(
          tested.windowTokens,
        );
      });

      it("that the server is there", async () => {
        await expect(tested.backend.probe()).resolves.toBeUndefined();
      });
    });

    describe("answers", () => {
      it("with text, piece by piece, and what it cost", async () => {
        const events = await run(ask("hi"));
        const pieces = events.slice(0, -1);
        expect(pieces.length).toBeGreaterThan(3);
        expect(pieces.every(({ type }) => type === "text")).toBe(true);
        expect(textOf(events)).toMatch(/^Hello from tiny/);
        expect(events.at(-1)).toMatchObject({ type: "end", stopReason: "end_turn", stopSequence: null });
        const { inputTokens, outputTokens } = endOf(events);
        expect(inputTokens).toBeGreaterThan(1);
        expect(outputTokens).toBeGreaterThan(5);
      });

      it("and tells that the server is heard, before or with the first piece", async () => {
        let heard = 0;
        const onHeard = () => (heard += 1);
        for await (const _ of tested.backend.generate(ask("hi"), await find(), never, { onHeard })) break;
        expect(heard).toBeGreaterThan(0);
      });

      it("with characters of every length", async () => {
        expect(textOf(await run(ask("@@utf8")))).toBe("Voilà: žluťoučký 日本語 🙂 fin.");
      });

      it("with a tool call", async () => {
        expect(await answer(ask("@@weather please", { tools: [weather] }))).toMatchObject({
          stop_reason: "tool_use",
          content: [
            { type: "tool_use", name: "get_weather", input: { city: "Paris", days: 3, metric: true } },
          ],
        });
      });

      it("with text and a call behind it", async () => {
        expect(await answer(ask("@@bash", { tools: [weather, bash] }))).toMatchObject({
          stop_reason: "tool_use",
          content: [
            { type: "text", text: "Let me look." },
            {
              type: "tool_use",
              name: "Bash",
              input: { command: "echo tiny-was-here", description: "Print a line" },
            },
          ],
        });
      });

      it("with two calls", async () => {
        const { content } = await answer(ask("@@two", { tools: [weather] }));
        expect(content.flatMap((block) => (block.type === "tool_use" ? [block.input] : []))).toEqual([
          { city: "Oslo" },
          { city: "Rome" },
        ]);
      });

      it("to a tool's result", async () => {
        const first = await answer(ask("@@weather please", { tools: [weather] }));
        const call = first.content.find((block) => block.type === "tool_use");
        if (call?.type !== "tool_use") throw new Error("nothing was called");
        const next = toCanonicalRequest({
          model: "tiny",
          tools: [weather],
          messages: [
            { role: "user", content: "@@weather please" },
            { role: "assistant", content: first.content },
            { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "sunny" }] },
          ],
        });
        expect(await answer(next)).toMatchObject({ stop_reason: "end_turn", content: [{ type: "text" }] });
      });

      it("thinking only when it is asked to", async ({ skip }) => {
        skip(tested.thinkingModel === undefined, "the server decides");
        const types = async (thinking: MessagesRequest["thinking"]) =>
          (await answer(ask("hi", { thinking }), tested.thinkingModel)).content.map(({ type }) => type);
        expect(await types({ type: "adaptive" })).toEqual(["thinking", "text"]);
        expect(await types({ type: "disabled" })).toEqual(["text"]);
        expect(await types(undefined)).toEqual(["text"]);
      });

      it("in the form that a schema asks for", async () => {
        const schema = {
          type: "object",
          properties: { answer: { type: "string" }, score: { type: "integer" } },
          required: ["answer", "score"],
        };
        const events = await run(
          ask("@@json", { output_config: { format: { type: "json_schema", schema } } }),
        );
        expect(JSON.parse(textOf(events))).toEqual({ answer: "yes", score: 7 });
      });

      it("up to a stop sequence, which is told", async () => {
        const events = await run(ask("@@stop", { stop_sequences: ["NEVER", "STOPHERE"] }));
        expect(textOf(events)).toBe("alpha beta ");
        expect(endOf(events)).toMatchObject({ stopReason: "stop_sequence", stopSequence: "STOPHERE" });
      });

      it("up to the output limit", async () => {
        expect(endOf(await run(ask("hi", { max_tokens: 5 })))).toMatchObject({
          stopReason: "max_tokens",
          outputTokens: 5,
        });
      });

      it("up to the output limit in the middle of a call", async () => {
        const message = await answer(ask("@@weather", { tools: [weather], max_tokens: 8 }));
        expect(message.stop_reason).toBe("max_tokens");
        expect(message.content.filter(({ type }) => type === "tool_use")).toEqual([]);
      });

      it("up to the end of the window", async () => {
        const events = await run(ask("@@loop"));
        expect(endOf(events).stopReason).toBe("max_tokens");
        expect(events.length).toBeLessThan(tested.windowTokens);
      });

      it.each(["@@unknown", "@@badjson"])("or fails, but never with nothing: %s", async (prompt) => {
        const names = new Set<string>();
        const events = await run(ask(prompt, { tools: [weather] })).catch((error: unknown) => error);
        if (events instanceof ApiError) return expect(events.type).toBe("api_error");
        for (const event of events as GenerationEvent[])
          if (event.type === "tool_use_start") names.add(event.name);
        expect((events as GenerationEvent[]).length).toBeGreaterThan(1);
        expect([...names].filter((called) => called !== "get_weather")).toEqual([]);
      });
    });

    it("refuses a prompt that does not fit, in the words that clients read", async () => {
      await expect(run(ask("word ".repeat(tested.windowTokens + 500)))).rejects.toMatchObject({
        type: "invalid_request_error",
        message: expect.stringMatching(/^prompt is too long: \d+ tokens > \d+ maximum$/) as string,
      });
    });

    it("counts as the server does, where it says that it does", async () => {
      const requests = [
        ask("hi"),
        ask("Voilà 日本語 🙂", { system: "Be brief." }),
        ask("hi", { tools: [weather, bash] }),
      ];
      const model = await find();
      await tested.counter.prepare(model);
      for (const request of requests) {
        const { tokens, isExact } = await tested.counter.count(request, model);
        expect(tokens).toBeGreaterThan(0);
        if (isExact) expect(tokens).toBe(endOf(await run(request)).inputTokens);
      }
    });

    describe("that is given up", () => {
      it("in the middle is free for the next", async () => {
        const giving = new AbortController();
        let pieces = 0;
        await expect(async () => {
          for await (const event of tested.backend.generate(ask("@@loop"), await find(), giving.signal))
            if (event.type === "text" && ++pieces === 20) giving.abort(new Error("gone"));
        }).rejects.toMatchObject({ type: "api_error" });
        expect(endOf(await run(ask("hi"))).stopReason).toBe("end_turn");
      });

      it("by a reader who just stops reading is free for the next", async () => {
        const before = tested.faults?.givenUp();
        for await (const event of tested.backend.generate(ask("@@loop"), await find(), never)) {
          expect(event.type).toBe("text");
          break;
        }
        expect(endOf(await run(ask("hi"))).stopReason).toBe("end_turn");
        if (before !== undefined)
          await vi.waitFor(() => expect(tested.faults?.givenUp()).toBe(before + 1), 10_000);
      });

      it("before it began is an error", async () => {
        const asked = tested.faults?.asked();
        await expect(run(ask("hi"), AbortSignal.abort(new Error("gone")))).rejects.toMatchObject({
          type: "api_error",
        });
        expect(tested.faults?.asked()).toBe(asked);
      });
    });
  });
}

/** What it does with a server that fails: for stand-ins, which can. They run on `shortClocks`. */
export function describeFaults(name: string, start: () => Promise<BackendUnderTest>): void {
  describe(`${name}, its server failing`, () => {
    let tested: BackendUnderTest;
    let model: ServedModel;
    let faults: FaultyServer;
    const open = async () => {
      tested = await start();
      if (!tested.faults) throw new Error("this server has no faults");
      faults = tested.faults;
      const [listed] = (await tested.backend.listModels()).filter((one) => one.name === tested.model);
      model = { ...listed!, contextLength: tested.windowTokens, fingerprint: "f" };
    };
    const failure = async (request = ask("hi")) => {
      const events: GenerationEvent[] = [];
      try {
        for await (const event of tested.backend.generate(request, model, never)) events.push(event);
      } catch (error) {
        return { error, text: textOf(events) };
      }
      throw new Error("it did not fail");
    };
    const withServer = async (test: () => Promise<void>) => {
      await open();
      await test().finally(() => tested.close());
    };

    it.each<[Fault, string]>([
      ["no such model", "not_found_error"],
      ["a bad request", "invalid_request_error"],
      ["a fault of its own", "api_error"],
      ["a full queue", "overloaded_error"],
    ])("with %s is a %s", (fault, type) =>
      withServer(async () => {
        faults.play(fault);
        expect(await failure()).toMatchObject({ error: { type }, text: "" });
      }),
    );

    it.each<Fault>(["an end too early", "a reset", "garbage", "an error"])(
      "with %s in the middle of an answer is an error behind what was said",
      (fault) =>
        withServer(async () => {
          faults.play(fault);
          const { error, text } = await failure();
          expect(error).toMatchObject({ type: "api_error" });
          expect(text).toBe("Hello");
        }),
    );

    it("silent in the middle of an answer is given up at the limit", () =>
      withServer(async () => {
        faults.play("silence");
        expect(await failure()).toMatchObject({
          error: { type: "timeout_error", message: "the backend sent nothing for 0 s" },
          text: "Hello",
        });
        await vi.waitFor(() => expect(faults.givenUp()).toBe(1), 10_000);
      }));

    it("that hangs is given up when it fails its probes", () =>
      withServer(async () => {
        faults.play("silence");
        faults.hang();
        expect(await failure(ask("hi", { tools: [weather] }))).toMatchObject({
          error: { type: "timeout_error", message: "the backend has stopped answering" },
        });
      }));

    it("that is gone is an error at once, and prompts are still counted", () =>
      withServer(async () => {
        await faults.stop();
        const { error } = await failure();
        expect(error).toMatchObject({ type: "api_error" });
        expect((error as Error).message).toMatch(/cannot be reached|broke/);
        await expect(tested.backend.probe()).rejects.toMatchObject({ type: "api_error" });
        expect(await tested.counter.count(ask("hi"), model)).toMatchObject({ isExact: false });
      }));
  });
}

const textOf = (events: GenerationEvent[]) =>
  events.map((event) => (event.type === "text" ? event.text : "")).join("");

function endOf(events: GenerationEvent[]) {
  const end = events.at(-1);
  if (end?.type !== "end") throw new Error("no end");
  return end;
}
