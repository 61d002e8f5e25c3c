// Waits until the default model can answer, telling how far it is, and sends a message through the gateway.
import { setTimeout as delay } from "node:timers/promises";
import { askJson } from "../host/ask.mjs";
import { describeModel } from "../host/report.mjs";
import { runningState } from "../host/state.mjs";

const lookIntervalMs = 2000;
/** A pull or a load that shows no progress for so long has got stuck. */
const patienceMs = 15 * 60_000;
const answerLimitMs = 10 * 60_000;

const { gatewayUrl: url } = runningState() ?? fail("It is not running");
await waitForModel();
await sendMessage();
await lookAtRedis();

async function waitForModel() {
  let last;
  let since = performance.now();
  for (;;) {
    const ready = await askJson(`${url}/health/ready`);
    const state = ready?.status === "ok" ? undefined : await describeModel(url);
    if (state === undefined) return;
    if (state !== last) {
      say(`model: ${state}`);
      [last, since] = [state, performance.now()];
    }
    if (performance.now() - since > patienceMs) fail(`no progress for ${patienceMs / 60_000} minutes`);
    await delay(lookIntervalMs);
  }
}

async function sendMessage() {
  const body = {
    model: "claude-sonnet-4-5",
    max_tokens: 16,
    messages: [{ role: "user", content: "Say hello." }],
  };
  const startedAt = performance.now();
  const answer = await askJson(`${url}/v1/messages`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "cache-control": "no-store" },
    timeoutMs: answerLimitMs,
  });
  if (answer?.error?.type === "authentication_error")
    return say("The gateway answers; it asks for a key (API_KEYS), so no message was sent.");
  if (!answer?.content?.length) fail(`The gateway's answer: ${JSON.stringify(answer)}`);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  say(`A message through the gateway was answered in ${seconds} s, ${answer.usage.output_tokens} tokens.`);
}

async function lookAtRedis() {
  const { redis } = (await askJson(`${url}/health`))?.details?.cache ?? {};
  if (redis?.state === "degraded")
    say(`WARNING: Redis cannot be used: ${redis.reason}. Correct REDIS_… in .env.`);
  else if (redis) say(`Redis: ${redis.state}`);
}

function say(text) {
  process.stdout.write(`   ${text}\n`);
}

function fail(message) {
  say(message);
  process.exit(1);
}
