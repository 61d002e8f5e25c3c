import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Stack, startStack, writes } from "../support/stack.js";

const run = promisify(execFile);
const example = (name: string) => fileURLToPath(new URL(`../../docs/examples/${name}`, import.meta.url));
const python = process.env["PYTHON"] ?? "python3";
const isPythonSdkMissing = !process.env["CI"] && spawnSync(python, ["-c", "import anthropic"]).status !== 0;

describe("the examples of docs/applications.md", () => {
  let stack: Stack;
  let folder: string;
  beforeAll(async () => {
    stack = await startStack({ ollama: { script: writes("It checks lifetimes.") } });
    folder = mkdtempSync(join(tmpdir(), "llm-selfhost-examples-"));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await stack.close();
  });

  const start = (program: string, ...args: string[]) =>
    run(program, args, { env: { ...process.env, ANTHROPIC_BASE_URL: stack.url } });

  it("ask.mjs prints the answer", async () => {
    const { stdout } = await start(process.execPath, example("ask.mjs"), "What?");
    expect(stdout).toBe("It checks lifetimes.\n");
  });

  it.skipIf(isPythonSdkMissing)("ask.py prints the answer", async () => {
    const { stdout } = await start(python, example("ask.py"), "What then?");
    expect(stdout).toBe("It checks lifetimes.\n");
  });

  it("batch.mjs answers line by line, the second time from the cache", async () => {
    const [questions, answers] = [join(folder, "questions.txt"), join(folder, "answers.jsonl")];
    writeFileSync(questions, "One?\nTwo?\n\nThree?\n");
    const results = async () => {
      await start(process.execPath, example("batch.mjs"), questions, answers);
      const lines = readFileSync(answers, "utf8").trim().split("\n");
      return lines.map((line) => JSON.parse(line) as { question: string; answer: string; cache: string });
    };
    const first = await results();
    expect(first.map(({ question, cache }) => [question, cache])).toEqual([
      ["One?", "miss"],
      ["Two?", "miss"],
      ["Three?", "miss"],
    ]);
    expect(first[0]?.answer).toBe("It checks lifetimes.");
    await expect
      .poll(async () => (await results()).map(({ cache }) => cache), { timeout: 20_000 })
      .toEqual(["hit", "hit", "hit"]);
  });
});
