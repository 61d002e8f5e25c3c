import { execFile } from "node:child_process";

/**
 * A program's output (stdout). @throws Error with what it wrote, when it fails or takes longer than `limitMs`
 */
export function run(command, args, { env, limitMs = 60_000 } = {}) {
  const options = { env, timeout: limitMs, maxBuffer: 64 * 1024 * 1024, killSignal: "SIGKILL" };
  return new Promise((resolve, reject) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const what = error.killed ? `took longer than ${limitMs / 1000} s` : "failed";
      const said = `${stdout}${stderr}`.trim().split("\n").slice(-25).join("\n");
      reject(new Error(`${command} ${args.join(" ")} ${what}:\n${said || error.message}`));
    });
  });
}
