import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { findFreePort } from "../../tests/support/free-ports.ts";
import { waitForPort } from "./ports.mjs";

/**
 * A real sshd on a free port of 127.0.0.1 with its own configuration and keys, which lets in the key
 * `identity` of the user who runs this. @throws Error
 */
export async function startSshd(folder, settings = "") {
  const program = ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].find(existsSync);
  if (!program) throw new Error("sshd is missing: install openssh-server");
  mkdirSync(folder, { recursive: true });
  const [identity, hostKey, log] = ["identity", "host_key", "sshd.log"].map((name) => join(folder, name));
  if (!existsSync(identity)) makeKey(identity);
  if (!existsSync(hostKey)) makeKey(hostKey);
  copyFileSync(`${identity}.pub`, join(folder, "authorized_keys"));
  // Started by root, it wants this folder.
  if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true });
  const port = await findFreePort();
  const lines = [
    "ListenAddress 127.0.0.1",
    `Port ${port}`,
    `HostKey "${hostKey}"`,
    `AuthorizedKeysFile "${join(folder, "authorized_keys")}"`,
    "PidFile none",
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin prohibit-password",
    "MaxStartups 100",
    settings,
  ];
  const configuration = join(folder, "sshd_config");
  writeFileSync(configuration, `${lines.join("\n")}\n`);
  const sshd = spawn(program, ["-D", "-e", "-f", configuration], { stdio: ["ignore", "ignore", "pipe"] });
  sshd.stderr.on("data", (data) => appendFileSync(log, data));
  await waitForPort(port).catch((error) => {
    throw new Error(`sshd does not start: ${existsSync(log) ? readFileSync(log, "utf8") : error.message}`);
  });
  return {
    port,
    identity,
    target: `${userInfo().username}@127.0.0.1`,
    log,
    close: async () => {
      if (sshd.exitCode === null && sshd.kill("SIGTERM")) await once(sshd, "exit");
    },
  };
}

export function makeKey(path) {
  const { status, stderr } = spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`ssh-keygen: ${stderr}`);
}
