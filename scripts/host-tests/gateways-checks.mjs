import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFreePorts } from "../../tests/support/free-ports.ts";
import { ask, isAnswering, isLive, makeStack, programOf, setTokenDelay, stateOf, until } from "./stack.mjs";

/** Several gateways behind nginx with the configuration of the docs. */
export async function gatewaysChecks(node) {
  const scratch = await makeStack(node);
  const { url } = scratch;
  let nginx;

  const checks = {
    "a gateway on its own: npm run gateway -- --port N": async () => {
      const [port] = await findFreePorts(1);
      const gateway = spawn("npm", ["run", "gateway", "--", "--port", String(port)], {
        cwd: scratch.project,
        env: scratch.env,
        stdio: "ignore",
        detached: true,
      });
      await until("it is live", () => isLive(`http://127.0.0.1:${port}`), 60_000);
      process.kill(-Number(gateway.pid), "SIGTERM");
      await once(gateway, "close");
      const wrong = await scratch.run("npm", "run", "gateway", "--", "--prot", "1");
      assert.match(`${wrong.code} ${wrong.output}`, /^1 [^]*Unknown option '--prot'/);
    },

    "--gateways 2 leaves API_PORT to the balancer and takes the two above it": async () => {
      const { code, output } = await scratch.host("start", "--gateways", "2");
      assert.equal(code, 0, output);
      const { gatewayPorts } = stateOf(scratch);
      assert.deepEqual(gatewayPorts, [scratch.ports.gateway + 1, scratch.ports.gateway + 2]);
      for (const port of gatewayPorts) assert.ok(await isLive(`http://127.0.0.1:${port}`));
      assert.ok(!(await isLive(url)));
      const other = await scratch.host("start", "--gateways", "3");
      assert.match(`${other.code} ${other.output}`, /^1 It runs with 2 gateway\(s\): stop it first/);
    },

    "restart keeps their number, and stops nothing where the configuration is wrong": async () => {
      const before = stateOf(scratch);
      const wrong = await scratch.runWith({ CACHE_TTL: "long" }, "./start_llm_selfhost.sh", "restart");
      assert.match(`${wrong.code} ${wrong.output}`, /^1 The configuration is wrong:\n {2}CACHE_TTL/);
      assert.deepEqual(stateOf(scratch).supervisor, before.supervisor);
      const { code, output } = await scratch.host("restart");
      assert.equal(code, 0, output);
      assert.deepEqual(stateOf(scratch).gatewayPorts, before.gatewayPorts);
    },

    "nginx on API_PORT spreads messages over both, as a stream without delay": async () => {
      nginx = startNginx(scratch);
      await until("nginx and the model answer", () => isAnswering(url), 60_000);
      for (let n = 0; n < 6; n++) assert.ok(await isAnswering(url));
      for (const port of stateOf(scratch).gatewayPorts)
        assert.ok((await countMessages(port)) > 1, `gateway ${port} was left out`);
      const lines = await (await fetch(`${url}/claude-code/env`)).text();
      assert.ok(lines.includes(`export ANTHROPIC_BASE_URL='${url}'\n`), lines);
      await setTokenDelay(scratch, 100, [{ text: "word ".repeat(20) }]);
      const startedAt = performance.now();
      const answer = await ask(url, { stream: true });
      let firstAt;
      for await (const chunk of answer.body) if (chunk.length > 0) firstAt ??= performance.now();
      const [first, all] = [firstAt - startedAt, performance.now() - startedAt];
      assert.ok(first < all / 2, `the first event came after ${first} of ${all} ms`);
    },

    "with one gateway killed again and again, every question is answered": async () => {
      await setTokenDelay(scratch, 0);
      const done = new AbortController();
      const killer = (async () => {
        for (let n = 0; n < 3; n++) {
          await until("it is back", () => programOf(scratch, "gateway-1").pid !== undefined);
          const { pid } = programOf(scratch, "gateway-1");
          process.kill(pid, "SIGKILL");
          await until("it is another", () => ![pid, undefined].includes(programOf(scratch, "gateway-1").pid));
        }
      })().finally(() => done.abort());
      // Told when it is awaited.
      killer.catch(() => {});
      let asked = 0;
      // A GET, which nginx may send to the other one even when the first had it already.
      for (; !done.signal.aborted; asked++)
        assert.equal((await fetch(`${url}/v1/models`, { signal: AbortSignal.timeout(30_000) })).status, 200);
      await killer;
      assert.ok(asked > 10, `only ${asked} asked`);
    },
  };
  const close = async () => {
    nginx?.kill("SIGTERM");
    await scratch.host("stop", "--now");
    scratch.remove();
  };
  return { name: "gateways", checks, close };
}

function startNginx(scratch) {
  if (spawnSync("nginx", ["-v"]).status !== 0) throw new Error("nginx is needed for this check");
  const { gateway } = scratch.ports;
  const text = readFileSync(scratch.path("docs/nginx-gateways.conf"), "utf8").replace(
    /127\.0\.0\.1:800(\d)/g,
    (_, index) => `127.0.0.1:${gateway + Number(index)}`,
  );
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${scratch.folder}/${name};`,
  );
  const http = `access_log off; ${temporary.join(" ")} ${text}`;
  const file = join(scratch.folder, "nginx.conf");
  writeFileSync(file, `daemon off; pid ${scratch.folder}/nginx.pid; events {} http { ${http} }`);
  return spawn("nginx", ["-p", scratch.folder, "-e", join(scratch.folder, "nginx.log"), "-c", file], {
    stdio: "inherit",
  });
}

async function countMessages(port) {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const counts = [...text.matchAll(/^gen_ai_server_request_duration_seconds_count.* (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
