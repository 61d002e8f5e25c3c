import { expect, it } from "vitest";
import { describeBackend } from "../backend.contract.js";
import {
  hasLlamaServer,
  startLlamaServer,
} from "../../../../../tests/support/llama-server/start-llama-server.js";
import { OpenAiClient } from "./openai.client.js";
import { OpenAiCompatibleBackend } from "./openai-compatible.backend.js";
import { OpenAiServer } from "./openai-server.js";
import { ServerTokenCounter } from "./server-token-counter.js";

// Against a real llama.cpp server with the scripted tiny model.

const slowMs = 60_000;
const windowTokens = 4096;

it.skipIf(!process.env["CI"])("on CI a real llama.cpp server is there: TINY_GGUF and install.sh", () => {
  expect(hasLlamaServer).toBe(true);
});

if (hasLlamaServer)
  describeBackend(
    "an OpenAI-compatible backend on a real llama.cpp server",
    async () => {
      const running = await startLlamaServer(windowTokens);
      const client = new OpenAiClient({ baseUrl: running.url, apiKey: "", connectTimeoutMs: 10_000 });
      const server = new OpenAiServer(client);
      return {
        backend: new OpenAiCompatibleBackend(server, {
          firstEventTimeoutMs: slowMs,
          idleTimeoutMs: slowMs,
        }),
        counter: new ServerTokenCounter(server),
        model: "tiny",
        thinkingModel: "tiny",
        windowTokens,
        close: () => running.close(),
      };
    },
    slowMs,
  );
