import { equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { changeHostKey } from "./change-host-key.mjs";
import { notReady } from "./start-scripted-gateway.mjs";
import { launcher, startLauncher, until } from "./run-launcher.mjs";

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The launcher in a terminal of its own, made by script(1); what is written to `type` is typed there. */
function startInTerminal(laptop, args, env = {}) {
  const command = `exec ${[launcher, ...args].map(quoted).join(" ")}`;
  const started = startLauncher(laptop, ["-qefc", command, "/dev/null"], {
    program: "script",
    env,
    input: null,
  });
  return { ...started, type: (text) => started.child.stdin.write(text) };
}

export const terminalChecks = {
  "a changed host key is asked about: yes": async ({ laptop, args, folder }) => {
    const { known, original } = await changeHostKey(laptop, args, folder);
    const { said, done, type } = startInTerminal(laptop, args, { FAKE_CLAUDE: "exit 5" });
    await until("the question is asked", () => said.stdout.includes("Trust the new key? [y/N]"));
    type("y\n");
    const { code, stdout } = await done;
    equal(code, 5, stdout);
    match(stdout, /remembered: +SHA256:\S+.*offered: +SHA256:\S+.*rented the host anew/s);
    equal(readFileSync(known, "utf8"), original);
  },

  "a changed host key is asked about: no": async ({ laptop, args, folder }) => {
    const { known, original } = await changeHostKey(laptop, args, folder);
    const { said, done, type } = startInTerminal(laptop, args);
    await until("the question is asked", () => said.stdout.includes("Trust the new key? [y/N]"));
    type("\n");
    const { code, stdout } = await done;
    equal(code, 1);
    match(stdout, /the new one is not trusted/);
    ok(readFileSync(known, "utf8") !== original);
  },

  "Ctrl-C while it waits ends it": async ({ laptop, args, gateway }) => {
    gateway.answers["/health/ready"] = notReady({ state: "pulling 43 %" });
    const { said, done, type } = startInTerminal(laptop, args);
    await until("the progress is shown", () => said.stdout.includes("pulling 43 %"));
    type("\u0003");
    equal((await done).code, 130);
  },

  "Ctrl-C while claude runs is claude's, and the tunnel lives on": async ({ laptop, args }) => {
    const claude = `trap 'echo interrupted' INT; echo ready; read line; echo "read $line"; curl -s "$ANTHROPIC_BASE_URL/"; exit 5`;
    const { said, done, type } = startInTerminal(laptop, args, { FAKE_CLAUDE: claude });
    await until("claude runs", () => said.stdout.includes("ready"));
    type("\u0003");
    await until("claude has heard of it", () => said.stdout.includes("interrupted"));
    type("a line\n");
    const { code, stdout } = await done;
    equal(code, 5, stdout);
    match(stdout, /"service":"gateway"/);
  },

  "Ctrl-Z stops claude, and fg goes on": async ({ laptop, args }) => {
    const claude = `echo "ready $$"; read line; echo "read $line"; exit 5`;
    const shell = ["-qefc", "bash --norc --noprofile -i", "/dev/null"];
    const { said, done, child } = startLauncher(laptop, shell, {
      program: "script",
      env: { FAKE_CLAUDE: claude },
      input: null,
    });
    child.stdin.write(`${[launcher, ...args].map(quoted).join(" ")}\n`);
    await until("claude runs", () => /ready \d+/.test(said.stdout));
    child.stdin.write("\u001a");
    await until("it is stopped", () => said.stdout.includes("Stopped"));
    child.stdin.write("echo shell $((6 * 7)); fg\n");
    await until("the shell has the terminal", () => said.stdout.includes("shell 42"));
    child.stdin.write("a line\n");
    await until("claude has it again", () => said.stdout.includes("read a line"));
    child.stdin.write("echo code $?; exit 0\n");
    match((await done).stdout, /code 5/);
  },

  ...Object.fromEntries(
    ["SIGTERM", "SIGHUP"].map((signal) => [
      `${signal} while it waits ends it, and while claude runs ends claude`,
      async ({ laptop, args, gateway }) => {
        const { "/health/ready": ready } = gateway.answers;
        gateway.answers["/health/ready"] = notReady({ state: "loading" });
        const waiting = startLauncher(laptop, args);
        await until("the progress is told", () => waiting.said.stderr.includes("loading"));
        waiting.child.kill(signal);
        equal((await waiting.done).code, signal === "SIGTERM" ? 143 : 129);
        gateway.answers["/health/ready"] = ready;
        const running = startLauncher(laptop, args, { env: { FAKE_CLAUDE: "echo ready; exec sleep 100" } });
        await until("claude runs", () => running.said.stdout.includes("ready"));
        running.child.kill(signal);
        equal((await running.done).code, signal);
      },
    ]),
  ),
};
