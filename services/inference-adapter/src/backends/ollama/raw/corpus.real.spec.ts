import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toCanonicalRequest } from "#anthropic/canonical-request.js";
import { foldMessage } from "#anthropic/fold-message.js";
import type { Message } from "#anthropic/messages.js";
import { claimRealOllama } from "../../../../../../tests/support/claim-real-ollama.js";
import { frameMessageEvents } from "../../../framing/frame-message-events.js";
import { corpus, type CorpusCase, toolsOf } from "../../../tool-rescue/__fixtures__/corpus.js";
import type { BackendModel } from "../../inference-backend.js";
import { makeBackend } from "../__fixtures__/make-backend.js";
import { parseOllamaHost } from "../parse-ollama-host.js";
import type { InferenceMode } from "./ollama-requests.js";

// Both modes on a real Ollama, with models that recite the corpus of broken and tricky outputs
// (tests/support/corpus-model makes them): what each mode makes of the same tokens.

const host = process.env["REAL_OLLAMA_HOST"];
const hasModels = process.env["CORPUS_MODELS"] === "1";

interface Figures {
  cases: number;
  calls: number;
  recovered: number;
  wrongCalls: number;
  textLost: number;
  textInErrors: number;
  errors: number;
  retries: number;
}

describe.skipIf(!host || !hasModels)("the corpus on a real Ollama", { timeout: 600_000 }, () => {
  const cases = corpus
    .flatMap(([, list]) => list)
    .map((one, index) => ({ ...one, directive: toDirective(index) }));
  // Those that were cut need a limit of their own.
  const whole = cases.filter(({ stopReason, output }) => !stopReason && output !== "");
  let release: () => Promise<void>;
  beforeAll(async () => void (release = await claimRealOllama()), 600_000);
  afterAll(() => release());

  async function run(mode: InferenceMode, name: string): Promise<Figures> {
    let retries = 0;
    const { backend } = makeBackend({
      baseUrl: parseOllamaHost(host ?? ""),
      mode,
      keepAlive: "5m",
      connectTimeoutMs: 10_000,
      firstEventTimeoutMs: 60_000,
      idleTimeoutMs: 60_000,
      onRescue: (kind) => (retries += Number(kind === "retry")),
    });
    const listed = (await backend.listModels()).find((one) => one.name === `${name}:latest`) as BackendModel;
    const model = { ...listed, contextLength: 8192, fingerprint: "f" };
    const figures: Figures = {
      cases: 0,
      calls: 0,
      recovered: 0,
      wrongCalls: 0,
      textLost: 0,
      textInErrors: 0,
      errors: 0,
      retries: 0,
    };
    for (const one of whole) {
      const request = toCanonicalRequest({
        model: name,
        messages: [{ role: "user", content: `${one.directive} please` }],
        tools: toolsOf(one),
      });
      const events = backend.generate(request, model, new AbortController().signal);
      const message = await foldMessage(frameMessageEvents(events, { model: name, inputTokens: 1 })).catch(
        (error: Error) => error,
      );
      judge(one, message, figures);
      if (process.env["SHOW_FIGURES"] === "all" && message instanceof Error)
        console.log(mode, name, one.name, String(message));
    }
    return { ...figures, retries };
  }

  it.each(["corpus-xml", "corpus-hermes"])("%s: raw loses nothing that chat finds", async (name) => {
    const chat = await run("chat", name);
    const raw = await run("raw", name);
    if (process.env["SHOW_FIGURES"]) console.table({ [`${name} chat`]: chat, [`${name} raw`]: raw });
    expect(raw.recovered).toBeGreaterThanOrEqual(chat.recovered);
    expect(raw.recovered).toBe(raw.calls);
    expect(raw.wrongCalls).toBe(0);
    expect(raw.textLost).toBe(raw.textInErrors);
    // Calls that were being told already when they turned out to be broken.
    expect(raw.errors).toBe(4);
  });
});

const toDirective = (index: number) => `@@c${String(index).padStart(3, "0")}`;

function judge({ expected, name }: CorpusCase, message: Message | Error, figures: Figures): void {
  const wanted = expected.flatMap((part) =>
    "tool" in part ? [JSON.stringify([part.tool, part.input])] : [],
  );
  const expectedText = squeeze(expected.map((part) => ("text" in part ? part.text : "")).join(""));
  figures.cases += 1;
  figures.calls += wanted.length;
  if (message instanceof Error) {
    figures.errors += 1;
    figures.textLost += expectedText.length;
    figures.textInErrors += expectedText.length;
    return;
  }
  const calls = message.content.flatMap((block) =>
    block.type === "tool_use" ? [JSON.stringify([block.name, block.input])] : [],
  );
  for (const call of calls) {
    const at = wanted.indexOf(call);
    if (at === -1) figures.wrongCalls += 1;
    else {
      figures.recovered += 1;
      wanted.splice(at, 1);
    }
  }
  const text = squeeze(message.content.map((block) => (block.type === "text" ? block.text : "")).join(""));
  const lost = expectedText.length - text.length;
  figures.textLost += Math.max(0, lost);
  if (process.env["SHOW_FIGURES"] === "all" && (wanted.length > 0 || lost !== 0))
    console.log(name, { wanted, calls, lost });
}

const squeeze = (text: string): string => text.replaceAll(/\s/g, "");
