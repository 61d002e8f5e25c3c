// The program `ollama` for the tests: the project's fake on the address of OLLAMA_HOST, with the models
// of FAKE_OLLAMA_MODELS, as a rule none.
import { startFakeOllama } from "../../tests/support/fake-ollama/fake-ollama.ts";

const [command] = process.argv.slice(2);
if (command === "--version") console.log(`ollama version is ${process.env.FAKE_OLLAMA_VERSION ?? "0.0.0"}`);
else if (command === "serve") {
  const { port } = new URL(`http://${process.env.OLLAMA_HOST}`);
  await startFakeOllama({ port: Number(port), models: JSON.parse(process.env.FAKE_OLLAMA_MODELS ?? "[]") });
} else process.exitCode = 1;
