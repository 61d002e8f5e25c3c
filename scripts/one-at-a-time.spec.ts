import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "llm-selfhost-lock-"));
afterAll(() => rmSync(folder, { recursive: true }));

const module = new URL("./one-at-a-time.mjs", import.meta.url).href;

/** A process that writes down when it begins and ends. */
async function work(lock: string, log: string, end = "") {
  const code = `
    import { appendFileSync } from "node:fs";
    import { oneAtATime } from ${JSON.stringify(module)};
    oneAtATime(${JSON.stringify(lock)}, () => {
      appendFileSync(${JSON.stringify(log)}, "begins ");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
      ${end}
      appendFileSync(${JSON.stringify(log)}, "ends ");
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "inherit" });
  return ((await once(child, "exit")) as [number | null, string | null])[0];
}

it("one begins when the other has ended", async () => {
  const [lock, log] = [join(folder, "a/lock"), join(folder, "a.log")];
  expect(await Promise.all([1, 2, 3].map(() => work(lock, log)))).toEqual([0, 0, 0]);
  expect(readFileSync(log, "utf8")).toBe("begins ends ".repeat(3));
  expect(existsSync(lock)).toBe(false);
});

it.each([
  ["exits", "process.exit(3);", 3],
  ["is killed", 'process.kill(process.pid, "SIGKILL");', null],
  ["fails", 'throw new Error("on purpose");', 1],
])("one that %s in the middle holds nobody up", async (name, end, code) => {
  const [lock, log] = [join(folder, name), join(folder, `${name}.log`)];
  expect(await work(lock, log, end)).toBe(code);
  expect(await work(lock, log)).toBe(0);
  expect(readFileSync(log, "utf8")).toBe("begins begins ends ");
});

it("waits for a lock that is just being written", async () => {
  const [lock, log] = [join(folder, "empty"), join(folder, "empty.log")];
  writeFileSync(lock, "");
  const working = work(lock, log);
  setTimeout(() => writeFileSync(lock, "999999999"), 600);
  expect(await working).toBe(0);
});
