import { startThreeProcesses } from "./three-processes.mjs";

/**
 * A real Ollama that runs already, asked in three ways: on its /api/chat, on its own /v1/messages, and through
 * the product. All three use the window that the server takes by itself, for with another one it would load the
 * model anew each time.
 */
export async function startRealOllamaTargets(context, host, wantedModel) {
  const url = (host.includes("://") ? host : `http://${host}`).replace(/\/$/, "");
  const model = wantedModel || (await ask(`${url}/api/tags`)).models[0]?.name;
  if (!model) throw new Error(`the Ollama at ${url} has no model`);
  await ask(`${url}/api/chat`, { model, messages: [] });
  const { models } = await ask(`${url}/api/ps`);
  const loaded = models.find(({ name }) => name === model || name === `${model}:latest`);
  const three = await startThreeProcesses(context, {
    name: "three processes",
    env: { OLLAMA_HOST: url, MODEL_NAME: model, CONTEXT_LENGTH: String(loaded.context_length) },
  });
  return {
    model,
    chat: { name: "Ollama's /api/chat", url, pids: [], isChat: true },
    own: { name: "Ollama's own /v1/messages", url, pids: [] },
    three,
  };
}

async function ask(url, body) {
  const response = await fetch(url, body && { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${await response.text()}`);
  // A load is answered as one line even where a stream was asked for.
  return JSON.parse((await response.text()).trim().split("\n").at(-1));
}
