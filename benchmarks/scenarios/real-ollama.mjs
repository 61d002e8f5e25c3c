import { PreparedRequest } from "../requests/prepared-request.mjs";
import { placeholders } from "../requests/placeholders.mjs";

const maxTokens = 64;

/** Short new questions to a real Ollama, one at a time. Its /api/chat is what the others are compared with. */
export function realOllamaScenarios({ model, chat, own, three }) {
  // Another run's questions would be in Ollama's prefix cache, which all three share.
  let asked = 200_000_000 + (Date.now() % 700_000_000);
  const messages = [{ role: "user", content: `Question ${placeholders.question}: and now?` }];
  return [false, true].map((stream) => {
    const chatRequest = new PreparedRequest("/api/chat", {
      model,
      messages,
      stream,
      options: { num_predict: maxTokens },
    });
    const messagesRequest = new PreparedRequest("/v1/messages", {
      model,
      messages,
      stream,
      max_tokens: maxTokens,
    });
    return {
      group: "real Ollama",
      stream,
      size: "short",
      connections: 1,
      targets: [chat, own, three],
      baseline: chat,
      isRight: ({ status }) => status === 200,
      toRequest: ({ isChat }, number) => (isChat ? chatRequest : messagesRequest).make(number),
      nextNumber: () => asked++,
    };
  });
}
