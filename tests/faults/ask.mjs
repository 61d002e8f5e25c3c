import { request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** Longer than every clock of the services: who waits longer has found a hang. */
const answerLimitMs = 60_000;

/**
 * Asks the gateway as this kind of client does, and tells what came: `{ status, type, text, isWhole }`,
 * `{ broken }`, `{ left }` where the client went itself, or `{ hung }`.
 */
export function ask(url, body, { stream, manner, random, agent }) {
  return new Promise((resolve) => {
    const text = JSON.stringify({ ...body, stream });
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
    const request = httpRequest(`${url}/v1/messages`, { method: "POST", headers, agent });
    let hasAnswer = false;
    let timer = setTimeout(() => end({ hung: true }), answerLimitMs);
    const end = (outcome) => {
      clearTimeout(timer);
      request.destroy();
      resolve(outcome);
    };
    request.on("error", (error) => {
      // As every client does: a kept connection may have died unnoticed, and nothing has been answered on it.
      const isStale = request.reusedSocket && error.code === "ECONNRESET" && !hasAnswer;
      if (!isStale) return end({ broken: error.code ?? error.message });
      clearTimeout(timer);
      resolve(ask(url, body, { stream, manner, random, agent: false }));
    });
    request.on("response", (response) => {
      hasAnswer = true;
      const { statusCode: status, headers: got } = response;
      const finish = (received) => {
        clearTimeout(timer);
        resolve({ status, type: got["content-type"] ?? "", text: received, isWhole: response.complete });
      };
      readBody(response, manner === "slow-reader" ? 5 : 0).then(finish, (error) =>
        end({ broken: error.code ?? error.message }),
      );
    });
    if (manner === "half-body") {
      request.write(text.slice(0, text.length / 2));
      clearTimeout(timer);
      timer = setTimeout(() => end({ left: true }), random.between(100, 3000));
    } else request.end(text);
    if (manner === "vanish") setTimeout(() => end({ left: true }), random.between(0, 800));
  });
}

/** A byte a second for so many seconds, then the rest. */
async function readBody(response, slowSeconds) {
  let text = "";
  if (slowSeconds > 0) {
    response.pause();
    for (let second = 0; second < slowSeconds; second++) {
      await sleep(1000);
      const byte = response.read(1);
      if (byte === null && response.readableEnded) break;
      text += byte ?? "";
    }
  }
  response.setEncoding("utf8");
  for await (const chunk of response) text += chunk;
  return text;
}
