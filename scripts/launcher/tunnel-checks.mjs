import { deepStrictEqual, equal, match, ok } from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isListening, takePort } from "./ports.mjs";
import { notReady } from "./start-scripted-gateway.mjs";
import { makeKey } from "./start-sshd.mjs";
import { runLauncher, startLauncher, until } from "./run-launcher.mjs";

/** Lives until the file is there, then ends with 3. */
const waiting = { FAKE_CLAUDE: 'until [ -e "$HOME/enough" ]; do sleep 0.1; done; exit 3' };
/** Leaves its background service behind, which lives until the file is there. */
const background = {
  FAKE_CLAUDE: `
    sh -c 'until [ -e "$HOME/enough" ]; do sleep 0.1; done' claude daemon run >/dev/null 2>&1 &
    mkdir -p "$HOME/.claude"
    printf '{\n  "pid": %s,\n  "spawnedBy": {\n    "pid": 1\n  }\n}\n' $! >"$HOME/.claude/daemon.lock"`,
};
/** Ends what waits. */
export const endWaiting = (laptop) => writeFileSync(join(laptop.home, "enough"), "");
const runOf = (laptop) => join(laptop.state, readdirSync(laptop.state)[0], "run");
const read = (laptop, name) => readFileSync(join(runOf(laptop), name), "utf8").trim();
const baseUrlOf = (laptop) => /^ANTHROPIC_BASE_URL=(.*)$/m.exec(readFileSync(laptop.started, "utf8"))?.[1];
const answers = (url) =>
  fetch(url).then(
    ({ ok: isOk }) => isOk,
    () => false,
  );

/** Starts the launcher with a claude that waits, until that claude runs. */
async function startWaiting(laptop, args) {
  const started = startLauncher(laptop, args, { env: waiting });
  await until("claude runs", () => baseUrlOfSafe(laptop) !== undefined);
  return started;
}

function baseUrlOfSafe(laptop) {
  try {
    return baseUrlOf(laptop);
  } catch {
    return undefined;
  }
}

export const tunnelChecks = {
  "a port that is taken: the next free one, and its owner keeps it": async ({ laptop, args, localPort }) => {
    const taken = await takePort(localPort);
    const { code } = await runLauncher(laptop, args);
    ok(await isListening(localPort));
    taken.close();
    equal(code, 7);
    match(baseUrlOf(laptop), /^http:\/\/127\.0\.0\.1:\d+$/);
    ok(Number(baseUrlOf(laptop).split(":").at(-1)) > localPort);
  },

  "Claude Code's background service keeps the tunnel until it ends": async ({ laptop, args }) => {
    equal((await runLauncher(laptop, [...args, "--", "--bg", "hi"], { env: background })).code, 0);
    const url = baseUrlOf(laptop);
    await delay(3000);
    ok(await answers(`${url}/`));
    match((await runLauncher(laptop, ["--status"])).stdout, /up, used by 1$/m);
    endWaiting(laptop);
    await until("the tunnel is closed", async () => !(await answers(`${url}/`)));
  },

  "a second start uses the tunnel that is open, which lives as long as either": async ({ laptop, args }) => {
    const first = await startWaiting(laptop, args);
    const [url, pid] = [baseUrlOf(laptop), read(laptop, "ssh.pid")];
    const second = await runLauncher(laptop, args);
    equal(second.code, 7);
    deepStrictEqual([baseUrlOf(laptop), read(laptop, "ssh.pid")], [url, pid]);
    ok(await answers(`${url}/`));
    match((await runLauncher(laptop, ["--status"])).stdout, /up, used by 1$/m);
    endWaiting(laptop);
    equal((await first.done).code, 3);
    await until("the tunnel is closed", async () => !(await answers(`${url}/`)));
  },

  "eight that start at the same moment share one, which none of them takes for left behind": async ({
    laptop,
    args,
  }) => {
    const all = Array.from({ length: 8 }, () => startLauncher(laptop, args, { env: waiting }));
    const seen = new Set();
    await until("all use it", () => {
      try {
        for (const name of readdirSync(join(runOf(laptop), ".."))) seen.add(name);
        return readdirSync(join(runOf(laptop), "users")).length === 8 && read(laptop, "state") === "up";
      } catch {
        return false;
      }
    });
    deepStrictEqual(seen, new Set(["run", "known_hosts"]));
    endWaiting(laptop);
    for (const { done } of all) equal((await done).code, 3);
  },

  "an ssh that was killed comes back on the same port": async ({ laptop, args }) => {
    const { done } = await startWaiting(laptop, args);
    const url = baseUrlOf(laptop);
    process.kill(Number(read(laptop, "ssh.pid")), "SIGKILL");
    await until("the tunnel is down", async () => !(await answers(`${url}/`)));
    await until("the tunnel is back", () => answers(`${url}/`));
    endWaiting(laptop);
    await done;
  },

  "what a killed supervisor left is cleared away by the next start": async ({ laptop, args }) => {
    const { done } = await startWaiting(laptop, args);
    const url = baseUrlOf(laptop);
    process.kill(Number(read(laptop, "pid")), "SIGKILL");
    endWaiting(laptop);
    await done;
    ok(await answers(`${url}/`), "the ssh of the killed supervisor is expected to be there still");
    equal((await runLauncher(laptop, args)).code, 7);
    equal(baseUrlOf(laptop), url);
  },

  "who used the tunnel of a killed supervisor keeps it when the next start has opened it anew": async ({
    laptop,
    args,
  }) => {
    const { done } = await startWaiting(laptop, args);
    const url = baseUrlOf(laptop);
    process.kill(Number(read(laptop, "pid")), "SIGKILL");
    equal((await runLauncher(laptop, args)).code, 7);
    await delay(3000);
    ok(await answers(`${url}/`));
    endWaiting(laptop);
    equal((await done).code, 3);
  },

  "a start while the tunnel is being closed opens another": async ({ laptop, args }) => {
    const first = await startWaiting(laptop, args);
    const run = runOf(laptop);
    const stopped = runLauncher(laptop, ["--stop"]);
    await until("the tunnel is being closed", () => existsSync(join(run, "stop")) || !existsSync(run));
    rmSync(laptop.started);
    const second = await startWaiting(laptop, args);
    equal((await stopped).code, 0);
    await delay(3000);
    ok(await answers(`${baseUrlOf(laptop)}/`));
    endWaiting(laptop);
    for (const { done } of [first, second]) equal((await done).code, 3);
  },

  "one that gives up does not close the tunnel of another that starts beside it": async ({
    laptop,
    args,
    folder,
  }) => {
    const wrongKey = join(folder, "another key");
    makeKey(wrongKey);
    const wrong = args.with(args.indexOf("-i") + 1, wrongKey);
    const giving = startLauncher(laptop, wrong, { env: waiting });
    await delay(150);
    const starting = startLauncher(laptop, args, { env: waiting });
    equal((await giving.done).code, 1);
    await until("claude runs", () => baseUrlOfSafe(laptop) !== undefined);
    await delay(7000);
    ok(await answers(`${baseUrlOf(laptop)}/`));
    endWaiting(laptop);
    equal((await starting.done).code, 3);
  },

  "a process that has got the number of a dead supervisor is left alone": async ({ laptop, args }) => {
    const { done } = await startWaiting(laptop, args);
    const supervisor = Number(read(laptop, "pid"));
    const ssh = Number(read(laptop, "ssh.pid"));
    process.kill(supervisor, "SIGKILL");
    process.kill(ssh, "SIGKILL");
    for (const name of ["pid", "ssh.pid"]) writeFileSync(join(runOf(laptop), name), `${process.pid}\n`);
    endWaiting(laptop);
    await done;
    equal((await runLauncher(laptop, args)).code, 7);
    equal((await runLauncher(laptop, ["--stop"])).code, 0);
  },

  "--stop ends the tunnel that --print-env has left": async ({ laptop, args }) => {
    const { code, stdout } = await runLauncher(laptop, [...args, "--print-env"]);
    equal(code, 0);
    const url = /ANTHROPIC_BASE_URL='(.*)'/.exec(stdout)[1];
    await delay(2500);
    ok(await answers(`${url}/`), "it stays without any user");
    match((await runLauncher(laptop, [...args, "--status"])).stdout, /up, used by 0$/m);
    match((await runLauncher(laptop, [...args, "--stop"])).stderr, /is closed/);
    equal(await answers(`${url}/`), false);
    match((await runLauncher(laptop, ["--stop"])).stderr, /No tunnel is open/);
  },

  "the progress of the model is told until it is ready": async ({ laptop, args, gateway }) => {
    const steps = ["pulling 0 %", "pulling 43 %", "loading"].map((state) => notReady({ state }));
    gateway.answers["/health/ready"] = [
      notReady({ state: "waiting", message: "connect ECONNREFUSED 127.0.0.1:11434" }),
      ...steps,
      gateway.answers["/health/ready"],
    ];
    const { code, stderr } = await runLauncher(laptop, args);
    equal(code, 7);
    match(stderr, /waiting: connect ECONNREFUSED.*pulling 0 %.*qwen3-coder: pulling 43 %.*loading/s);
  },

  "a line that is dead when a second one starts is waited for": async ({ laptop, args, line }) => {
    const { done } = await startWaiting(laptop, args);
    line.silence();
    const second = startLauncher(laptop, args);
    await delay(3000);
    await line.restore();
    equal((await second.done).code, 7);
    endWaiting(laptop);
    await done;
  },

  "a cut while the model is loading is waited out": async ({ laptop, args, gateway, line }) => {
    const { "/health/ready": ready } = gateway.answers;
    gateway.answers["/health/ready"] = notReady({ state: "pulling 43 %" });
    const { said, done } = startLauncher(laptop, args);
    await until("the progress is told", () => said.stderr.includes("pulling 43 %"));
    await line.cut();
    await until("the loss is told", () => said.stderr.includes("the connection is lost, trying again"));
    gateway.answers["/health/ready"] = ready;
    await line.restore();
    equal((await done).code, 7);
  },
};
