import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { toClaudeCodeEnv } from "../../services/gateway/src/claude-code/to-claude-code-env.js";

/** The launcher takes no other names from a gateway, so a new one must be added there too. */
it("the launcher knows every variable that the gateway sets", () => {
  const launcher = readFileSync(join(import.meta.dirname, "../../claude_start.sh"), "utf8");
  const taken = /^read_environment\(\) \{$(.*?)^\}$/ms.exec(launcher)?.[1]?.match(/\b[A-Z][A-Z_]{3,}\b/g);
  const settings = { baseUrl: "http://x", model: "m", contextLength: 65_536 };
  const set = [
    toClaudeCodeEnv({ ...settings, needsKey: false, concurrency: 1 }),
    toClaudeCodeEnv({ ...settings, needsKey: true, concurrency: 2 }),
  ].flatMap(Object.keys);
  expect(taken).toEqual(expect.arrayContaining(set));
});
