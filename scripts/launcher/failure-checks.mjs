import { equal } from "node:assert/strict";
import { createServer } from "node:net";
import { chmodSync, copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { once } from "node:events";
import { changeHostKey } from "./change-host-key.mjs";
import { findFreePort } from "../../tests/support/free-ports.ts";
import { takePort } from "./ports.mjs";
import { makeKey, startSshd } from "./start-sshd.mjs";
import { notReady } from "./start-scripted-gateway.mjs";
import { runLauncher } from "./run-launcher.mjs";

const programs =
  "bash basename cat curl cut dirname grep head mkdir mv rm sed sleep ssh ssh-keygen tail tr env".split(" ");

/** A PATH on which one program is missing. */
function pathWithout(missing, folder) {
  const path = join(folder, `without ${missing}`);
  mkdirSync(path);
  for (const program of programs.filter((name) => name !== missing)) {
    const { stdout } = spawnSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" });
    symlinkSync(stdout.trim(), join(path, program));
  }
  writeFileSync(join(path, "claude"), "#!/bin/sh\n");
  chmodSync(join(path, "claude"), 0o755);
  if (missing === "claude") rmSync(join(path, "claude"));
  return path;
}

/** A word for each failure: nothing is started, and it is said what is wrong and what to do. */
export const failureChecks = {
  ...Object.fromEntries(
    ["ssh", "curl", "claude"].map((name) => [
      `${name} is missing`,
      async ({ laptop, folder, args }) => {
        const env = { PATH: pathWithout(name, folder) };
        return { ...(await runLauncher(laptop, args, { env })), says: new RegExp(`${name} is missing: `) };
      },
    ]),
  ),
  "the ssh login is refused": async ({ laptop, folder, args }) => {
    const other = join(folder, "another key");
    makeKey(other);
    return {
      ...(await runLauncher(laptop, [...args, "-i", other])),
      says: /refuses the ssh login.*ssh-add/s,
    };
  },
  "a key that others can read": async ({ laptop, folder, args }) => {
    const open = join(folder, "an open key");
    copyFileSync(args[args.indexOf("-i") + 1], open);
    chmodSync(open, 0o644);
    return {
      ...(await runLauncher(laptop, [...args, "-i", open])),
      says: /cannot use a key: .*an open key": bad permissions.*chmod 600/,
    };
  },
  "the connection is refused": async ({ laptop, args }) => {
    const port = await findFreePort();
    return {
      ...(await runLauncher(laptop, [...args, "-p", `${port}`])),
      says: /Connection refused by .*, port \d+/,
    };
  },
  "the host does not answer": async ({ laptop, args }) => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const result = await runLauncher(laptop, [...args, "-p", `${silent.address().port}`]);
    silent.close();
    return { ...result, says: /Connection timed out: .* does not answer/ };
  },
  "there is no such host": async ({ laptop }) => ({
    ...(await runLauncher(laptop, ["--ssh", "root@no-such-host.invalid"])),
    says: /There is no host of the name/,
  }),
  "the host key has changed, without a terminal": async ({ laptop, folder, args }) => {
    await changeHostKey(laptop, args, folder);
    const result = await runLauncher(laptop, args);
    equal((await runLauncher(laptop, [...args, "--new-host-key"])).code, 7);
    return { ...result, says: /has changed.*remembered: .*SHA256:.*offered: .*SHA256:.*--new-host-key/s };
  },
  "the gateway is not running": async ({ laptop, args }) => {
    const port = await findFreePort();
    const result = await runLauncher(laptop, [...args, "--remote-port", `${port}`]);
    return { ...result, says: /The gateway is not running: .*nothing answers on its port/ };
  },
  "the host forbids forwarding": async ({ laptop, folder, args }) => {
    const sshd = await startSshd(join(folder, "sshd"), "AllowTcpForwarding no");
    const other = ["-p", `${sshd.port}`, "-i", sshd.identity];
    const result = await runLauncher(laptop, [...args, ...other]);
    await sshd.close();
    return { ...result, says: /forbids port forwarding/ };
  },
  "RunPod's basic ssh": async ({ laptop }) => ({
    ...(await runLauncher(laptop, ["--ssh", "abc-64411d7c@ssh.runpod.io"])),
    says: /cannot forward ports.*SSH over exposed TCP/s,
  }),
  "no local port is free": async ({ laptop, args }) => {
    const taken = await takePort(65_535);
    const result = await runLauncher(laptop, [...args, "--local-port", "65535"]);
    taken.close();
    return { ...result, says: /Port in use: no port from 65535 on/ };
  },
  "a forwarding of the user's own, whose port is taken": async ({ laptop, args, port }) => {
    const wrapper = `#!/bin/sh\nPATH=\${PATH#*:}\nexec ssh -L 127.0.0.1:${port}:localhost:1 "$@"\n`;
    writeFileSync(join(laptop.programs, "ssh"), wrapper, { mode: 0o755 });
    return {
      ...(await runLauncher(laptop, args)),
      says: new RegExp(`failed: .*cannot listen to port: ${port}`),
    };
  },
  "the state cannot be written": async ({ laptop, args, port }) => {
    const [, target, , sshPort] = args;
    mkdirSync(laptop.state, { recursive: true });
    const place = join(laptop.state, `${target}-${sshPort}-${port}`);
    symlinkSync("/proc/self", place);
    const result = await runLauncher(laptop, args);
    rmSync(place);
    return { ...result, says: /Cannot write to .*tunnels/ };
  },
  "something else answers": async ({ laptop, args, gateway }) => {
    gateway.answers["/"] = { status: 404, body: "<html>" };
    return {
      ...(await runLauncher(laptop, args)),
      says: /it is not the gateway of llm-selfhost \(HTTP 404\)/,
    };
  },
  "the model is missing": async ({ laptop, args, gateway }) => {
    gateway.answers["/health/ready"] = notReady({
      state: "missing",
      message: "not installed: ollama pull qwen3-coder",
    });
    return {
      ...(await runLauncher(laptop, args)),
      says: /model qwen3-coder is missing.*ollama pull qwen3-coder/,
    };
  },
  "the model does not become ready": async ({ laptop, args, gateway }) => {
    gateway.answers["/health/ready"] = notReady({ state: "loading" });
    return {
      ...(await runLauncher(laptop, [...args, "--wait", "2"])),
      says: /Not ready: for 2 s nothing has changed \(model qwen3-coder: loading\)/,
    };
  },
  "the gateway wants a key": async ({ laptop, args, gateway }) => {
    gateway.answers["/v1/models"] = { status: 401, body: { error: { message: "invalid x-api-key" } } };
    return { ...(await runLauncher(laptop, args)), says: /wants a key: .*--key FILE/ };
  },
  "the gateway refuses the key": async ({ laptop, args, gateway }) => {
    gateway.answers["/v1/models"] = { status: 401, body: { error: { message: "invalid x-api-key" } } };
    const env = { LLM_SELFHOST_KEY: "wrong" };
    return { ...(await runLauncher(laptop, args, { env })), says: /refuses the key: invalid x-api-key/ };
  },
  "a key where a file belongs": async ({ laptop, args }) => ({
    ...(await runLauncher(laptop, [...args, "--key", "abc123"])),
    says: /--key takes a file/,
  }),
  "nothing at --url": ({ laptop }) => nothingAt("127.0.0.1", laptop),
  "nothing at --url, an address of IPv6": ({ laptop }) => nothingAt("[::1]", laptop),
};

async function nothingAt(host, laptop) {
  const url = `http://${host}:${await findFreePort()}`;
  return {
    ...(await runLauncher(laptop, ["--url", url])),
    says: /Connection refused: nothing listens at/,
  };
}

/** What stands wrong on the command line or in the file of hosts: exit code 2. */
export const usageChecks = {
  "an option that there is not": { args: ["--sssh", "root@host"], says: /There is no option --sssh/ },
  "an option of ssh in the host's name": {
    args: ["--ssh", "-oProxyCommand=touch hacked"],
    says: /--ssh takes USER@HOST/,
  },
  "a command in the host's name": { args: ["--ssh", "root@$(touch hacked)"], says: /--ssh takes USER@HOST/ },
  "a port that is none": { args: ["--ssh", "root@host", "-p", "22;ls"], says: /--port takes a number/ },
  "a URL that is none": { args: ["--url", "file:///etc/passwd"], says: /--url takes something like/ },
  "both ways": { args: ["--ssh", "root@host", "--url", "http://host"], says: /Either --ssh or --url/ },
  "a value that is missing": { args: ["--ssh"], says: /--ssh needs a value/ },
  "a host that is not in the file": { args: ["nowhere"], says: /there is no file .*hosts/ },
  "nothing at all": { args: [], says: /^Usage: / },
  "a wrong option before --print-env": { args: ["--prot", "22", "--print-env"], says: /no option --prot/ },
  "--print-env without a host": { args: ["--print-env"], says: /^Usage: / },
};
