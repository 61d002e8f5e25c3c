import { startLitellm } from "../processes/litellm.mjs";
import { startRedis } from "../processes/redis.mjs";

/**
 * LiteLLM's proxy before the same upstream: it translates to Ollama's /api/chat as the product does, and caches
 * in a Redis of its own. It finds an answer again only if the request is the same byte by byte, so it gets
 * requests whose ids never change (`isAskedSame`).
 */
export async function startLitellmTarget({ children, upstream }, { questions }) {
  const redis = await startRedis(children);
  const models = { "claude-*": { model: "ollama_chat/qwen3-coder:30b", baseUrl: upstream.url } };
  const { url, pid } = await startLitellm(children, { models, redisPort: redis.port });
  return { name: "LiteLLM", url, pids: [pid], redisPid: redis.pid, questions, isAskedSame: true };
}
