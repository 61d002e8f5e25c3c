import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const lock = join(tmpdir(), "llm-selfhost-real-ollama.lock");
const owner = join(lock, "pid");

/**
 * Waits until no other suite uses the real Ollama: suites look at which models are loaded, and each would load
 * the other's away.
 * @returns lets the next one have it
 */
export async function claimRealOllama(): Promise<() => Promise<void>> {
  while (!(await isTaken())) {
    await sleep(200);
    if (await isAbandoned()) await release();
  }
  await writeFile(owner, String(process.pid));
  return release;
}

const release = () => rm(lock, { recursive: true, force: true });

/** True when the lock is ours now. */
const isTaken = () =>
  mkdir(lock).then(
    () => true,
    () => false,
  );

async function isAbandoned(): Promise<boolean> {
  const pid = Number(await readFile(owner, "utf8").catch(() => String(process.pid)));
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
