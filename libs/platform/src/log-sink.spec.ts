import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { LogSink } from "./log-sink.js";

// In processes of their own: stdout is what is being broken.

const linesOf200Bytes = 40_000;
const program = `
  import { LogSink } from ${JSON.stringify(new URL("./log-sink.ts", import.meta.url).href)};
  const sink = new LogSink(process.env.LOG_FILE ?? 1, 4096);
  const before = process.memoryUsage().rss;
  for (let line = 0; line < ${linesOf200Bytes}; line++) {
    sink.write("x".repeat(200) + "\\n");
    if (line % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  process.stderr.write(JSON.stringify({ grownMb: (process.memoryUsage().rss - before) / 2 ** 20 }));
`;

const folder = mkdtempSync(join(tmpdir(), "llm-selfhost-log-"));
const files: number[] = [];
afterEach(() => {
  for (const file of files.splice(0)) closeSync(file);
  rmSync(folder, { recursive: true, force: true });
});

async function run(stdout: number | "pipe", LOG_FILE?: string): Promise<{ code: number; errors: string }> {
  const args = [
    "--input-type=module",
    "--conditions=llm-selfhost-source",
    "--experimental-transform-types",
    "--no-warnings",
    "-e",
    program,
  ];
  const env = { PATH: process.env["PATH"], ...(LOG_FILE ? { LOG_FILE } : {}) };
  const child = spawn(process.execPath, args, { stdio: ["ignore", stdout, "pipe"], env });
  child.stdout?.destroy();
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  return { code, errors };
}

function pipe(): string {
  const path = join(mkdtempSync(`${folder}-`), "pipe");
  execFileSync("mkfifo", [path]);
  return path;
}

const opened = (path: string): number => {
  const file = openSync(path, "a");
  files.push(file);
  return file;
};

describe.skipIf(process.platform !== "linux")("a log that cannot be written", () => {
  it.each<[string, () => Promise<{ code: number; errors: string }>]>([
    ["stdout on a full disk", () => run(opened("/dev/full"))],
    ["stdout that nobody reads any more", () => run("pipe")],
    ["LOG_FILE on a full disk", () => run(opened("/dev/null"), "/dev/full")],
    ["LOG_FILE that cannot be opened", () => run(opened("/dev/null"), "/dev/null/log")],
    ["LOG_FILE where no folder can be made", () => run(opened("/dev/null"), "/proc/none/log")],
    ["LOG_FILE is a pipe that nobody reads", () => run(opened("/dev/null"), pipe())],
  ])("stops nothing and takes no memory: %s", async (_name, start) => {
    const { code, errors } = await start();
    expect({ code, errors }).toMatchObject({ code: 0 });
    expect((JSON.parse(errors) as { grownMb: number }).grownMb).toBeLessThan(60);
  });
});

describe("a log in a file", () => {
  it("tells why it cannot be written, and nothing where it can", () => {
    const place = mkdtempSync(join(tmpdir(), "llm-selfhost-log-"));
    expect(new LogSink(place, 0).findFault()).toContain("EISDIR");
    expect(new LogSink(join(place, "log"), 0).findFault()).toBeUndefined();
  });

  it("makes the folder and appends", () => {
    const path = join(mkdtempSync(join(tmpdir(), "llm-selfhost-log-")), "a", "log");
    new LogSink(path, 0).write("one\n");
    const sink = new LogSink(path, 0);
    sink.write("two\n");
    sink.write("three\n");
    expect(readFileSync(path, "utf8")).toBe("one\ntwo\nthree\n");
  });
});
