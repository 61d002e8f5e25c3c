// The scripted Ollama as a program that answers each question by what it says itself. PORT: where it listens.
import { startFakeOllama } from "../support/fake-ollama/fake-ollama.ts";
import { readPrompt, toScript } from "./answers.mjs";

await startFakeOllama({
  port: Number(process.env.PORT),
  numParallel: 32,
  script: ({ body }) => {
    const asked = readPrompt(JSON.stringify(body?.messages ?? body?.prompt ?? ""));
    // Questions with tools come as rendered prompts.
    return asked ? toScript(asked, "ollama", body?.raw === true) : [{ text: "Hello." }];
  },
});
