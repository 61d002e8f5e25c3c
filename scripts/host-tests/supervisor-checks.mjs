import { isAlive } from "../host/process-identity.mjs";
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { ask, isAnswering, isLive, makeStack, programOf, setTokenDelay, stateOf, until } from "./stack.mjs";

/** One by which other machines reach this one, where there is one. */
function outsideAddresses() {
  const all = Object.values(networkInterfaces()).flat();
  const found = all.find(({ family, internal }) => family === "IPv4" && !internal);
  return found ? [found.address] : [];
}

/** start_llm_selfhost.sh: what it starts, keeps running and ends. */
export async function supervisorChecks(node) {
  const scratch = await makeStack(node);
  const { ports, url } = scratch;
  const names = ["cache", "ollama", "inference-adapter", "gateway"];

  const checks = {
    "start comes back when all answer, and a message goes through": async () => {
      const { code, output } = await scratch.host();
      assert.equal(code, 0, output);
      assert.match(output, /gateway .* pid \d+.*tail -f .*run\/llm-selfhost\.log/s);
      await until("the model is pulled and ready", async () =>
        /tiny:latest ready/.test((await scratch.host("status")).output),
      );
      assert.equal((await ask(url)).status, 200);
      assert.match(readFileSync(scratch.path("run/llm-selfhost.log"), "utf8"), /gateway listening/);
    },

    "a second start starts nothing, nor do two at once": async () => {
      const before = stateOf(scratch);
      const results = await Promise.all([scratch.host("start"), scratch.host("start")]);
      for (const { code, output } of results) assert.match(`${code} ${output}`, /^0 It is running already/);
      assert.equal(stateOf(scratch).supervisor.pid, before.supervisor.pid);
    },

    "status builds nothing, so it also works where a build would fail": async () => {
      const source = scratch.path("services/gateway/src/main.ts");
      const { atime, mtime } = statSync(source);
      const text = readFileSync(source);
      writeFileSync(source, "no program");
      const { code, output } = await scratch.host("status");
      writeFileSync(source, text);
      utimesSync(source, atime, mtime);
      assert.equal(code, 0, output);
    },

    ...Object.fromEntries(
      names.map((name) => [
        `a killed ${name} is back within seconds`,
        async () => {
          const { pid } = programOf(scratch, name);
          process.kill(pid, "SIGKILL");
          await until("it is back", () => ![pid, undefined].includes(programOf(scratch, name).pid), 10_000);
          await until("it answers", () => isAnswering(url));
          assert.equal(programOf(scratch, name).starts, 2);
        },
      ]),
    ),

    "restart ollama starts only Ollama anew": async () => {
      const before = stateOf(scratch).programs;
      const { code, output } = await scratch.host("restart", "ollama");
      assert.equal(code, 0, output);
      for (const { name, pid } of before)
        assert.equal(programOf(scratch, name).pid === pid, name !== "ollama", name);
      const unknown = await scratch.host("restart", "postgres");
      assert.match(
        `${unknown.code} ${unknown.output}`,
        /^1 There is no postgres; it is one of cache, ollama/,
      );
    },

    "stop lets an answer under way come to its end, and leaves nothing running": async () => {
      await until("it answers", () => isAnswering(url));
      await setTokenDelay(scratch, 100, [{ text: "word ".repeat(30) }]);
      const answer = await ask(url, { text: "slowly", stream: true });
      const programs = stateOf(scratch).programs;
      const stopped = scratch.host("stop");
      assert.match(await answer.text(), /message_stop/);
      assert.equal((await stopped).code, 0);
      for (const { name, pid } of programs) assert.ok(!existsSync(`/proc/${pid}`), `${name} still runs`);
      assert.ok(!existsSync(scratch.path("run/state.json")));
      assert.match((await scratch.host("stop")).output, /not running/);
    },

    "it outlives the session that started it": async () => {
      const session = spawn("script", ["-qec", "./start_llm_selfhost.sh; sleep 600", "/dev/null"], {
        cwd: scratch.project,
        env: scratch.env,
        detached: true,
      });
      session.stdout.resume();
      await until("it is up", () => isLive(url), 60_000);
      process.kill(-Number(session.pid), "SIGHUP");
      session.kill("SIGKILL");
      await once(session, "close");
      const { supervisor } = stateOf(scratch);
      assert.ok(existsSync(`/proc/${supervisor.pid}`));
      assert.ok(await isLive(url));
    },

    "a killed supervisor: status says so, the next start takes over": async () => {
      const { supervisor, programs } = stateOf(scratch);
      process.kill(supervisor.pid, "SIGKILL");
      await until("it is gone", () => !existsSync(`/proc/${supervisor.pid}`));
      const status = await scratch.host("status");
      assert.match(`${status.code} ${status.output}`, /^3 The supervisor was killed; still there: /);
      const { code, output } = await scratch.host("start");
      assert.equal(code, 0, output);
      const left = programs.filter(isAlive).map(({ name }) => name);
      const stopped = await scratch.host("stop", "--now");
      assert.deepEqual(left, []);
      assert.equal(stopped.code, 0);
    },

    "a state of long ago ends nothing that has its number now": async () => {
      const other = spawn("sleep", ["600"]);
      const stale = { pid: other.pid, startTime: 1 };
      writeFileSync(
        scratch.path("run/state.json"),
        JSON.stringify({
          supervisor: stale,
          gatewayPorts: [ports.gateway],
          programs: [{ name: "gateway", ...stale }],
        }),
      );
      assert.match((await scratch.host("stop")).output, /not running/);
      assert.equal(other.exitCode, null);
      assert.equal((await scratch.host("start")).code, 0);
      assert.equal((await scratch.host("stop", "--now")).code, 0);
      assert.equal(other.exitCode, null);
      other.kill();
    },

    "a stack whose run folder was removed runs on, and is stopped": async () => {
      assert.equal((await scratch.host("start")).code, 0);
      const { supervisor } = stateOf(scratch);
      rmSync(scratch.path("run"), { recursive: true });
      await until("its state is back", () => existsSync(scratch.path("run/state.json")));
      // Longer than between two looks at the sizes of the logs.
      await delay(32_000);
      assert.deepEqual(stateOf(scratch).supervisor, supervisor);
      assert.ok(isAlive(supervisor));
      assert.equal((await scratch.host("status")).code, 0);
      assert.equal((await scratch.host("stop", "--now")).code, 0);
      assert.ok(!(await isLive(url)));
    },

    ...Object.fromEntries(
      ["::1", ...outsideAddresses()].map((address) => [
        `a gateway that listens on ${address} only is found there, and services on ::1`,
        async () => {
          const env = {
            API_HOST: address,
            CACHE_HOST: "::1",
            INFERENCE_HOST: "::1",
            ALLOW_UNAUTHENTICATED: "true",
          };
          const { code, output } = await scratch.runWith(env, "./start_llm_selfhost.sh");
          assert.equal(code, 0, output);
          await until("the model is ready", async () =>
            /tiny:latest ready/.test((await scratch.host("status")).output),
          );
          const host = address.includes(":") ? `[${address}]` : address;
          assert.ok(await isAnswering(`http://${host}:${ports.gateway}`));
          const health = await (await fetch(`http://${host}:${ports.gateway}/health`)).json();
          assert.equal(health.details.cache.state, "ok");
          const again = await scratch.runWith(env, "./start_llm_selfhost.sh");
          assert.match(again.output, /It is running already/);
          assert.equal((await scratch.host("stop", "--now")).code, 0);
        },
      ]),
    ),

    "an Ollama that runs already is used, and left alone": async () => {
      const own = spawn(`${scratch.bin}/ollama`, ["serve"], { env: scratch.env, stdio: "ignore" });
      await until("it listens", () =>
        fetch(`http://127.0.0.1:${ports.ollama}/api/version`).then(
          () => true,
          () => false,
        ),
      );
      const { code, output } = await scratch.host();
      assert.equal(code, 0, output);
      assert.match(output, /ollama +port \d+, was running already and is used/);
      assert.match((await scratch.host("restart", "ollama")).output, /was not started here/);
      await scratch.host("stop", "--now");
      assert.equal(own.exitCode, null);
      own.kill();
      await once(own, "close");
    },

    "a port that is taken is told with who has it": async () => {
      const server = createServer().listen(ports.gateway, "127.0.0.1");
      await once(server, "listening");
      const { code, output } = await scratch.host();
      server.close();
      assert.equal(code, 1);
      assert.match(
        output,
        new RegExp(
          `Port ${ports.gateway} is taken by .*node.* \\(pid ${process.pid}\\): stop it, or set API_PORT in \\.env`,
        ),
      );
    },

    "wrong settings are listed before anything is started": async () => {
      const { code, output } = await scratch.runWith(
        { CONTEXT_LENGTH: "many", LOG_LEVEL: "loud" },
        "./start_llm_selfhost.sh",
      );
      assert.equal(code, 1);
      assert.match(
        output,
        /The configuration is wrong:\n {2}LOG_LEVEL must be .*\n {2}CONTEXT_LENGTH must be /,
      );
    },

    "a local Redis is started where .env asks for it, with its password": async () => {
      const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;
      assert.ok(hasRedis, "redis-server is needed for this check");
      const port = ports.cache + 1;
      const env = { REDIS_HOST: "127.0.0.1", REDIS_PORT: String(port), REDIS_PASSWORD: 'p"a ss' };
      const { code, output } = await scratch.runWith(env, "./start_llm_selfhost.sh");
      assert.equal(code, 0, output);
      await until("the cache has it", async () =>
        (await (await fetch(`${url}/health`)).text()).includes('"redis":{"state":"ok"'),
      );
      const { pid } = programOf(scratch, "redis");
      assert.ok(!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes('p"a ss'));
      await scratch.host("stop", "--now");
      assert.ok(
        existsSync(scratch.path("run/redis/appendonlydir")) ||
          existsSync(scratch.path("run/redis/appendonly.aof")),
      );
      assert.equal(statSync(scratch.path("run/redis")).mode & 0o077, 0);
    },
  };
  const close = async () => {
    await scratch.host("stop", "--now");
    scratch.remove();
  };
  return { name: "supervisor", checks, close };
}
