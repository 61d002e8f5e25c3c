// The least that a cache on Fastify can do: parse, SHA-256, Redis GET, send what was found. It takes the hash of
// the bytes and asks for one fixed key, for with other ids in every request that hash is never found again.
import Fastify from "fastify";
import { createHash } from "node:crypto";
import { createClient } from "redis";
import { replayedAnswer, unaryAnswer } from "../requests/answer.mjs";

const redis = createClient({ url: process.env.REDIS_URL });
redis.on("error", () => {});
await redis.connect();
await redis.set("answer:unary", unaryAnswer);
await redis.set("answer:stream", replayedAnswer);

const app = Fastify({ bodyLimit: 32 * 1024 * 1024 });
app.removeAllContentTypeParsers();
app.addContentTypeParser("*", { parseAs: "string" }, (request, body, done) => {
  request.hash = createHash("sha256").update(body).digest("hex");
  done(null, JSON.parse(body));
});
app.decorateRequest("hash", "");

app.post("/v1/messages", async (request, reply) => {
  const isStream = request.body.stream === true;
  const answer = await redis.get(isStream ? "answer:stream" : "answer:unary");
  reply.header("x-cache", "hit").header("x-cache-key", request.hash);
  reply.type(isStream ? "text/event-stream; charset=utf-8" : "application/json; charset=utf-8");
  return answer;
});
app.get("/", async () => "ok");

await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
