import assert from "node:assert/strict";
import { once } from "node:events";
import { renameSync } from "node:fs";
import { createServer } from "node:http";
import { findFreePorts } from "../../tests/support/free-ports.ts";
import { isAnswering, makeStack, until } from "./stack.mjs";

/** `npm run doctor`: what it says of what is wrong. */
export async function doctorChecks(node) {
  const scratch = await makeStack(node);
  const { ports, url } = scratch;
  scratch.addGpu(24_564);
  const heads = {
    "llama.attention.head_count_kv": 4,
    "llama.attention.key_length": 128,
    "llama.attention.value_length": 128,
  };
  const modelInfo = { "llama.block_count": 48, ...heads };
  scratch.env.FAKE_OLLAMA_MODELS = JSON.stringify([{ name: "tiny", contextLength: 262_144, modelInfo }]);

  async function examine(env = {}, ...args) {
    const { code, output } = await scratch.runWith(
      env,
      "npm",
      "run",
      "-s",
      "doctor",
      "--",
      "--json",
      ...args,
    );
    const result = JSON.parse(output);
    const find = (check, state) =>
      result.findings.find((finding) => finding.check === check && finding.state === state);
    return { code, output, budget: result.budget, find };
  }

  const checks = {
    "where nothing runs, each part is broken, with its command": async () => {
      const { code, find, output } = await examine();
      assert.equal(code, 1);
      for (const name of ["gateway", "cache", "inference adapter", "ollama"])
        assert.ok(find(name, "broken")?.fix, `${name}: ${output}`);
    },

    "a healthy stack has nothing broken, and a budget": async () => {
      await scratch.host("start");
      await until("it answers", () => isAnswering(url), 60_000);
      const { code, output, budget, find } = await examine();
      assert.equal(code, 0, output);
      for (const name of [
        "installation",
        "configuration",
        "gateway",
        "cache",
        "inference adapter",
        "ollama",
        "model",
        "redis",
        "vram",
      ])
        assert.ok(find(name, "ok"), `${name}: ${output}`);
      assert.match(find("gpu", "ok").text, /NVIDIA Test Card, driver 550\.1, 512 of 24564 MiB used/);
      assert.equal(budget.kvBytesPerToken, 51 * 1024);
      assert.equal(budget.cacheMib, 3264);
      assert.equal(budget.neededMib, budget.weightsMib + budget.cacheMib + budget.otherMib);
      assert.match(
        (await scratch.run("npm", "run", "-s", "doctor")).output,
        /largest safe CONTEXT_LENGTH: \d+ .*\n\n0 broken, /,
      );
    },

    "a model that is not installed": async () => {
      const { code, find } = await examine({ MODEL_NAME: "other:7b" });
      assert.equal(code, 1);
      assert.match(find("model", "broken").fix, /ollama pull other:7b/);
    },

    "every fault of the configuration": async () => {
      const { code, find } = await examine({ CONTEXT_LENGTH: "many" });
      assert.equal(code, 1);
      assert.match(find("configuration", "broken").text, /^CONTEXT_LENGTH must be/);
    },

    "a driver that fails": async () => {
      scratch.addProgram("nvidia-smi", "#!/bin/sh\necho 'NVIDIA-SMI has failed'\nexit 9\n");
      const { find } = await examine();
      assert.match(find("gpu", "warning").text, /nvidia-smi fails: NVIDIA-SMI has failed/);
      scratch.addGpu(24_564);
    },

    "a tunnel: from outside, with the environment of claude": async () => {
      const exports = await (await fetch(`${url}/claude-code/env`)).text();
      const env = Object.fromEntries(
        [...exports.matchAll(/^export (\w+)='?(.*?)'?$/gm)].map(([, name, value]) => [name, value]),
      );
      const right = await examine(env, "--url", url);
      assert.equal(right.code, 0, right.output);
      assert.ok(
        ["tunnel", "clock", "claude", "model"].every((check) => right.find(check, "ok")),
        right.output,
      );
      const none = await examine({}, "--url", url);
      assert.match(none.find("claude", "warning").text, /ANTHROPIC_BASE_URL is not set/);
      const [free] = await findFreePorts(1);
      const down = await examine({}, "--url", `http://127.0.0.1:${free}`);
      assert.equal(down.code, 1);
      assert.match(down.find("tunnel", "broken").text, /ECONNREFUSED/);
      const wrong = await examine({}, "--url", `http://127.0.0.1:${ports.ollama}`);
      assert.match(wrong.find("tunnel", "broken").text, /not as the gateway/);
      const error = { type: "permission_error", message: 'The host name "gpu.lan" is not known here' };
      const refusing = createServer((_, response) => response.writeHead(403).end(JSON.stringify({ error })));
      await once(refusing.listen(0, "127.0.0.1"), "listening");
      const refused = await examine({}, "--url", `http://127.0.0.1:${refusing.address().port}`);
      refusing.close();
      assert.match(refused.find("tunnel", "broken").text, /refuses: The host name "gpu\.lan"/);
    },

    "a gateway that is there and cannot answer": async () => {
      const says = { "/": { service: "gateway" } };
      const server = createServer(({ url: path }, reply) => {
        reply.writeHead(path === "/" ? 200 : 503).end(JSON.stringify(says[path] ?? {}));
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const look = () => examine({}, "--url", `http://127.0.0.1:${server.address().port}`);
      const toReady = (inference) => (says["/health/ready"] = { details: { inference } });
      toReady({ model: { name: "m", state: "pulling 43 %" } });
      const pulling = await look();
      assert.match(pulling.find("model", "warning").text, /m is not ready yet: pulling 43 %/);
      assert.equal(pulling.code, 0, pulling.output);
      toReady({ message: "The inference service cannot answer" });
      const gone = await look();
      server.close();
      assert.match(gone.find("model", "broken").text, /The inference service cannot answer/);
      assert.equal(gone.code, 1, gone.output);
    },

    "what is no Ollama in its place": async () => {
      const server = createServer((_request, reply) => reply.end('{"error":"Not found"}')).listen(
        0,
        "127.0.0.1",
      );
      await once(server, "listening");
      const { find } = await examine({ OLLAMA_HOST: `127.0.0.1:${server.address().port}` });
      server.close();
      assert.match(find("ollama", "broken").text, /is no Ollama/);
    },

    "a clock that is wrong": async () => {
      const server = createServer((_request, reply) => {
        reply.setHeader("date", new Date(Date.now() - 600_000).toUTCString());
        reply.end('{"service":"gateway"}');
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const { find } = await examine({}, "--url", `http://127.0.0.1:${server.address().port}`);
      server.close();
      assert.match(find("clock", "warning").text, /differ by (599|600|601) s/);
    },

    "a Redis that is not there": async () => {
      await scratch.host("stop", "--now");
      const [port] = await findFreePorts(1);
      // TLS, so that no local one is started.
      const env = { REDIS_HOST: "127.0.0.1", REDIS_PORT: String(port), REDIS_TLS: "true" };
      await scratch.runWith(env, "./start_llm_selfhost.sh");
      const { code, find, output } = await examine(env);
      assert.equal(code, 0, output);
      assert.match(find("redis", "warning").text, /ECONNREFUSED|refused/i);
      await scratch.host("stop", "--now");
    },

    "a port that somebody else has": async () => {
      const server = createServer((_request, reply) => reply.writeHead(404).end()).listen(
        ports.gateway,
        "127.0.0.1",
      );
      await once(server, "listening");
      const { find } = await examine();
      server.close();
      assert.match(
        find("gateway", "broken").text,
        new RegExp(`port ${ports.gateway} is held by .*\\(pid ${process.pid}\\)`),
      );
    },

    "an installation that is not there": async () => {
      renameSync(scratch.path("node_modules"), scratch.path("node_modules.away"));
      const { code, find } = await examine();
      renameSync(scratch.path("node_modules.away"), scratch.path("node_modules"));
      assert.equal(code, 1);
      assert.match(find("installation", "broken").fix, /install\.sh/);
    },
  };
  const close = async () => {
    await scratch.host("stop", "--now");
    scratch.remove();
  };
  return { name: "doctor", checks, close };
}
