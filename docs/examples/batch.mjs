// Answers every line of a file: node batch.mjs questions.txt answers.jsonl
// May be stopped and started again: what is answered already comes from the cache.
import Anthropic from "@anthropic-ai/sdk";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";

const [questions, answers] = process.argv.slice(2);
if (answers === undefined) throw new Error("node batch.mjs QUESTIONS ANSWERS");
const client = new Anthropic({
  baseURL: process.env.ANTHROPIC_BASE_URL ?? "http://localhost:8000",
  apiKey: process.env.ANTHROPIC_API_KEY ?? "local",
  timeout: 1_800_000,
  maxRetries: 5,
});
const lines = readFileSync(questions, "utf8").split("\n").filter(Boolean);
writeFileSync(answers, "");
for (const question of lines) {
  const { data: message, response } = await client.messages
    .create({
      model: process.env.ANTHROPIC_MODEL ?? "qwen3-coder",
      max_tokens: 1024,
      temperature: 0,
      messages: [{ role: "user", content: question }],
    })
    .withResponse();
  const answer = message.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("");
  const cache = response.headers.get("x-cache");
  appendFileSync(answers, `${JSON.stringify({ question, answer, cache })}\n`);
}
