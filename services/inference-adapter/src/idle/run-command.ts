import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Runs a shell command that may outlive this process: it may be what ends it. What it writes goes where our own
 * output goes.
 * @returns why it failed; undefined when it ended well
 */
export async function runCommand(command: string): Promise<string | undefined> {
  const child = spawn("sh", ["-c", command], { stdio: ["ignore", "inherit", "inherit"], detached: true });
  child.unref();
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return code === 0 ? undefined : `it ended with ${signal ?? `exit code ${code}`}`;
  } catch (error) {
    return (error as Error).message;
  }
}
