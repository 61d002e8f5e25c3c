import { deepStrictEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { environment } from "./start-scripted-gateway.mjs";
import { launcher, runLauncher, startLauncher, until } from "./run-launcher.mjs";

/** How claude was started: its arguments and its environment. */
function readStarted({ started }) {
  const lines = readFileSync(started, "utf8").split("\n");
  const args = lines.filter((line) => line.startsWith("argument=")).map((line) => line.slice(9));
  const env = Object.fromEntries(
    lines.map((line) => [line.split("=")[0], line.slice(line.indexOf("=") + 1)]),
  );
  return { args, env };
}

/** What no gateway may bring into a shell or a process. */
const hostile = [
  "export ANTHROPIC_MODEL='x'; touch hacked; :'",
  "export ANTHROPIC_MODEL='$(touch hacked)'",
  "export ANTHROPIC_MODEL='`touch hacked`'",
  'export ANTHROPIC_MODEL="$(touch hacked)"',
  "export ANTHROPIC_MODEL=$(touch hacked)",
  "export ANTHROPIC_MODEL='a' PATH='/tmp'",
  "export ANTHROPIC_MODEL='a\\'; touch hacked; '",
  "export ANTHROPIC_MODEL[$(touch hacked)]='a'",
  "touch hacked",
  "$(touch hacked)",
  "export ANTHROPIC_MODEL='a'\r",
  "export ANTHROPIC_MODEL='a\u001b]0;hacked\u0007'",
  "ANTHROPIC_MODEL='a'",
  "export ANTHROPIC_MODEL='é'",
];

const forbidden = [
  "PATH",
  "LD_PRELOAD",
  "NODE_OPTIONS",
  "BASH_ENV",
  "CLAUDE_CODE_SHELL_PREFIX",
  "ANTHROPIC_CUSTOM_HEADERS",
];

const unknownHost = {
  status: 403,
  body: {
    type: "error",
    error: {
      type: "permission_error",
      message: 'The host name "gpu.lan" is not known here: ALLOWED_HOSTS …',
    },
  },
};

const refusesKeys = (request) =>
  request.headers.authorization === "Bearer k3y" ? { body: { data: [] } } : { status: 401, body: {} };

export const environmentChecks = {
  "stdin, arguments and exit code are claude's": async ({ laptop, args }) => {
    const given = ["-p", "two words", "", "*", "--", "$HOME", "it's", '"'];
    const { code, stdout } = await runLauncher(laptop, [...args, "--", ...given], { input: "from stdin\n" });
    deepStrictEqual([code, stdout], [7, "from stdin\n"]);
    const { args: received, env } = readStarted(laptop);
    deepStrictEqual(received, given);
    equal(env.ANTHROPIC_MODEL, "qwen3-coder:30b");
    equal(env.CLAUDE_CODE_MAX_RETRIES, "15");
    equal(env.ANTHROPIC_BASE_URL, `http://127.0.0.1:${args[args.indexOf("--local-port") + 1]}`);
  },

  "nothing of the launcher's own reaches claude, nor what would send it elsewhere": async ({
    laptop,
    args,
  }) => {
    const foreign = {
      ANTHROPIC_API_KEY: "sk-ant-mine",
      ANTHROPIC_UNIX_SOCKET: "/tmp/another",
      CLAUDE_CODE_USE_BEDROCK: "1",
      CLAUDE_CODE_USE_MANTLE: "1",
      CLAUDE_CODE_USE_ANTHROPIC_AWS: "1",
      CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD: "1",
      LLM_SELFHOST_KEY: "k3y",
    };
    await runLauncher(laptop, args, { env: foreign });
    const { env } = readStarted(laptop);
    for (const name of [...Object.keys(foreign), "ssh_target", "base_url", "fallback"])
      equal(env[name], undefined, name);
    equal(env.ANTHROPIC_AUTH_TOKEN, "k3y");
  },

  "--fallback: plain claude with the environment as it is": async ({ laptop, args }) => {
    const own = { ANTHROPIC_API_KEY: "sk-ant-mine", ANTHROPIC_MODEL: "opus" };
    const wrong = [...args, "--remote-port", "1", "--fallback", "--", "-p", "hi"];
    const { code, stdout, stderr } = await runLauncher(laptop, wrong, { input: "in\n", env: own });
    deepStrictEqual([code, stdout], [7, "in\n"]);
    match(stderr, /The gateway is not running.*Starting plain claude instead/s);
    const { args: received, env } = readStarted(laptop);
    deepStrictEqual(received, ["-p", "hi"]);
    deepStrictEqual({ ...env, ...laptop.env, ...own, _: "" }, { ...env, _: "" });
    equal(env.ANTHROPIC_BASE_URL, undefined);
  },

  "--print-env is safe and whole in sh, dash and bash": async ({ laptop, args }) => {
    const own = { ANTHROPIC_CUSTOM_HEADERS: 'x-it: it\'s $(touch hacked) `touch hacked` \\ "quoted"' };
    const { code, stdout } = await runLauncher(laptop, [...args, "--fresh", "--print-env"], { env: own });
    equal(code, 0);
    for (const shell of ["sh", "dash", "bash"]) {
      const env = { PATH: process.env.PATH, ANTHROPIC_API_KEY: "sk-ant-mine" };
      const evaluated = spawnSync(shell, ["-euc", 'eval "$1"; env -0', shell, stdout], {
        env,
        encoding: "utf8",
        cwd: laptop.home,
      });
      const variables = evaluated.stdout.split("\0");
      equal(evaluated.status, 0, `${shell}: ${evaluated.stderr}`);
      ok(
        variables.includes(
          `ANTHROPIC_CUSTOM_HEADERS=${own.ANTHROPIC_CUSTOM_HEADERS}\ncache-control: no-cache`,
        ),
        shell,
      );
      ok(variables.includes("CLAUDE_CODE_MAX_CONTEXT_TOKENS=75536"), shell);
      ok(!variables.some((variable) => variable.startsWith("ANTHROPIC_API_KEY=")), shell);
    }
    equal(existsSync(join(laptop.home, "hacked")), false);
    const script = `eval "$("$0" "$@" --print-env)"; echo "$ANTHROPIC_MODEL"`;
    const { said, done } = startLauncher(
      laptop,
      ["-c", script, join(process.cwd(), "claude_start.sh"), ...args],
      { program: "sh" },
    );
    await done;
    equal(said.stdout, "qwen3-coder:30b\n");
    equal((await runLauncher(laptop, ["--stop"])).code, 0);
    const wrong = await runLauncher(laptop, ["--print-env", "--url", "http://127.0.0.1:1"]);
    equal(spawnSync("sh", ["-c", wrong.stdout]).status, 1, "what evaluates it must fail");
  },

  "a gateway that was asked at an IPv6 address": async ({ laptop, args, gateway }) => {
    const named = environment.replace("//localhost:", "//[::1]:");
    gateway.answers["/claude-code/env"] = { body: named };
    const { code, stdout, stderr } = await runLauncher(laptop, [...args, "--print-env"]);
    equal(code, 0, stderr);
    match(stdout, /^export ANTHROPIC_MODEL='qwen3-coder:30b'$/m);
    ok(named !== environment);
    equal((await runLauncher(laptop, ["--stop"])).code, 0);
  },

  "a hostile gateway starts nothing": async ({ laptop, args, gateway }) => {
    const print = [...args, "--print-env"];
    for (const line of hostile) {
      gateway.answers["/claude-code/env"] = { body: `${environment}${line}\n` };
      const { code, stdout, stderr } = await runLauncher(laptop, print);
      deepStrictEqual([code, stdout], [1, "false\n"], line);
      match(stderr, /no plain setting, so nothing of it is used/, line);
      equal(
        /[^\n\x20-\x7e]/.test(stderr),
        false,
        `control characters reach the terminal: ${JSON.stringify(stderr)}`,
      );
    }
    deepStrictEqual(
      readdirSync(laptop.home).filter((name) => name.includes("hacked")),
      [],
    );
  },

  "a hostile gateway sets no variable that is not its own": async ({ laptop, args, gateway }) => {
    const lines = forbidden.map((name) => `export ${name}='/tmp/hacked'\n`).join("");
    gateway.answers["/claude-code/env"] = {
      body: `${environment}${lines}export ANTHROPIC_BASE_URL='http://evil.example'\n`,
    };
    const { code, stderr } = await runLauncher(laptop, args);
    equal(code, 7);
    for (const name of forbidden)
      match(stderr, new RegExp(`also sets ${name}, which this launcher does not know`));
    const { env } = readStarted(laptop);
    equal(
      Object.values(env).some((value) => /hacked|evil/.test(value)),
      false,
    );
  },

  "a hostile gateway writes nothing to the terminal": async ({ laptop, args, gateway }) => {
    const state = "loading\u001b[2J\u001b]0;hacked\u0007";
    const body = `{"details":{"inference":{"model":{"name":"\u001b[31mx","state":"${state}"}}}}`;
    gateway.answers["/health/ready"] = { status: 503, body };
    const { stderr } = await runLauncher(laptop, [...args, "--wait", "1"]);
    equal(/[^\n\x20-\x7e]/.test(stderr), false, JSON.stringify(stderr));
  },

  "a key comes from a file, and stands on no command line": async ({ laptop, args, gateway, folder }) => {
    const file = join(folder, "my key");
    writeFileSync(file, "k3y\r\n");
    gateway.answers["/v1/models"] = refusesKeys;
    const { done } = startLauncher(laptop, [...args, "--key", file]);
    let seen = "";
    const timer = setInterval(() => (seen += readCommandLines()), 20);
    const { code, stderr } = await done;
    clearInterval(timer);
    equal(code, 7, stderr);
    ok(seen.includes("claude_start.sh"));
    equal(seen.includes("k3y"), false);
    equal(readStarted(laptop).env.ANTHROPIC_AUTH_TOKEN, "k3y");
  },

  "a key opens a gateway that does not know the host name": async ({ laptop, gateway }) => {
    for (const path of Object.keys(gateway.answers)) {
      const known = gateway.answers[path];
      gateway.answers[path] = (request) => (request.headers.authorization ? known : unknownHost);
    }
    const args = ["--url", `http://127.0.0.1:${gateway.port}`];
    const { stderr } = await runLauncher(laptop, args);
    match(stderr, /refuses: The host name "gpu\.lan" is not known here: ALLOWED_HOSTS/);
    equal((await runLauncher(laptop, args, { env: { LLM_SELFHOST_KEY: "k3y" } })).code, 7);
  },

  "a stranger that refuses everybody is shown no key": async ({ laptop, gateway }) => {
    gateway.answers["/"] = { status: 403, body: "<html>" };
    const env = { LLM_SELFHOST_KEY: "k3y" };
    const { stderr } = await runLauncher(laptop, ["--url", `http://127.0.0.1:${gateway.port}`], { env });
    match(stderr, /not the gateway of llm-selfhost \(HTTP 403\)/);
    deepStrictEqual(
      gateway.requests.map(({ headers }) => headers.authorization),
      [undefined],
    );
  },

  "a key in the user's own headers is enough, and no other key goes along": async ({
    laptop,
    args,
    gateway,
  }) => {
    gateway.answers["/v1/models"] = { status: 401, body: {} };
    const own = { ANTHROPIC_CUSTOM_HEADERS: "x-api-key: k3y", ANTHROPIC_AUTH_TOKEN: "somebody else's" };
    equal((await runLauncher(laptop, args, { env: own })).code, 7);
    const { env } = readStarted(laptop);
    equal(env.ANTHROPIC_CUSTOM_HEADERS, "x-api-key: k3y");
    equal(env.ANTHROPIC_AUTH_TOKEN, "local");
  },

  "a proxy for the internet is not asked for the tunnel": async ({ laptop, args }) => {
    const proxy = { http_proxy: "http://127.0.0.1:1", HTTPS_PROXY: "http://127.0.0.1:1", NO_PROXY: "intern" };
    equal((await runLauncher(laptop, args, { env: proxy })).code, 7);
    equal(readStarted(laptop).env.NO_PROXY, "127.0.0.1,intern");
  },

  "settings of claude that go before the environment are told": async ({ laptop, args }) => {
    mkdirSync(join(laptop.home, ".claude"));
    const env = { ANTHROPIC_BASE_URL: "http://elsewhere", CLAUDE_CODE_USE_BEDROCK: "1" };
    writeFileSync(join(laptop.home, ".claude/settings.json"), JSON.stringify({ env, apiKeyHelper: "date" }));
    const { stderr } = await runLauncher(laptop, args);
    for (const name of [...Object.keys(env), "apiKeyHelper"])
      match(stderr, new RegExp(`settings\\.json sets ${name}, `));
  },

  "a claude that only an alias finds": async ({ laptop, args }) => {
    const place = join(laptop.home, ".claude/local");
    mkdirSync(place, { recursive: true });
    renameSync(join(laptop.programs, "claude"), join(place, "claude"));
    equal((await runLauncher(laptop, args)).code, 7);
    const missing = { PATH: join(laptop.home, "nothing") };
    const options = { program: "/bin/bash", env: missing };
    const { code, stderr } = await runLauncher(laptop, [launcher, ...args, "--fallback"], options);
    equal(code, 7, stderr);
  },

  "--url needs no ssh": async ({ laptop, gateway }) => {
    const { code } = await runLauncher(laptop, ["--url", `http://127.0.0.1:${gateway.port}/`]);
    equal(code, 7);
    equal(readStarted(laptop).env.ANTHROPIC_BASE_URL, `http://127.0.0.1:${gateway.port}`);
    equal(existsSync(laptop.state), false);
  },

  "a host of the file, where nothing is run": async ({ laptop, args, gateway }) => {
    const [, target, , port, , identity] = args;
    const file = join(laptop.home, ".config/llm-selfhost/hosts");
    mkdirSync(join(file, ".."), { recursive: true });
    const lines = [
      "# my hosts",
      "[gpu box]",
      `ssh = ${target}`,
      `port=${port}`,
      `  identity =   ${identity}  `,
      `remote-port = ${gateway.port}`,
      `local-port = ${args.at(-1)}`,
      "key = ~/$(touch hacked)",
    ];
    writeFileSync(file, lines.join("\r\n"));
    writeFileSync(join(laptop.home, "$(touch hacked)"), "k3y");
    for (const chosen of [["gpu box"], []]) equal((await runLauncher(laptop, chosen)).code, 7);
    equal(readStarted(laptop).env.ANTHROPIC_AUTH_TOKEN, "k3y");
    equal(existsSync(join(laptop.home, "hacked")), false);
    writeFileSync(file, `${lines.join("\n")}\n[other]\nurl = http://127.0.0.1:${gateway.port}\nsssh = x\n`);
    match((await runLauncher(laptop, [])).stderr, /Which host\? gpu box other/);
    match((await runLauncher(laptop, ["other"])).stderr, /hosts, line 11: there is no option "sssh"/);
    writeFileSync(file, "[other]\nurl = http://127.0.0.1\nfallback = true\n");
    match((await runLauncher(laptop, ["other"])).stderr, /are yes or no, not "true"/);
    writeFileSync(file, "[other]\ntouch hacked\n");
    match((await runLauncher(laptop, ["other"])).stderr, /line 2 is neither/);
  },

  "without HOME, and where CDPATH makes cd print": async ({ laptop, args }) => {
    symlinkSync(join(launcher, ".."), join(laptop.home, "project"));
    const copy = { program: "bash", env: { CDPATH: laptop.home } };
    equal((await runLauncher(laptop, ["project/claude_start.sh", ...args], copy)).code, 7);
    const { code, stderr } = await runLauncher(laptop, ["--status"], { env: { HOME: undefined } });
    deepStrictEqual([code, stderr], [0, ""]);
  },

  "the state is where XDG_STATE_HOME says": async ({ laptop, args, folder }) => {
    const { code } = await runLauncher(laptop, args, {
      env: { XDG_STATE_HOME: join(folder, "state of mine") },
    });
    equal(code, 7);
    await until(
      "the tunnel is closed",
      () => readdirSync(join(folder, "state of mine/llm-selfhost/tunnels")).length === 1,
    );
  },
};

function readCommandLines() {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8");
      } catch {
        return "";
      }
    })
    .join("\n");
}
