// Bodies as Claude Code 2.1.330 sends them (docs and fixtures of libs/anthropic), made of invented text. What
// changes from request to request stands in them as a placeholder of the same length: see prepared-request.mjs.
import { placeholders, slowMark } from "./placeholders.mjs";

/** About 1 KB: one tool call and its result, no tools. `isSlow`: the answer comes token by token. */
export function smallBody(stream, isSlow = false) {
  const [read, result] = toolCall(0, "Read", { file_path: "/home/dev/demo/package.json" }, code(0, 4));
  return {
    ...settings(stream),
    messages: [
      { role: "user", content: [text("What is the name of this package?")] },
      { role: "assistant", content: [read] },
      { role: "user", content: [result, text(isSlow ? slowQuestion : question)] },
    ],
  };
}

/** About 100 KB: 30 tools, 33 messages. */
export function largeBody(stream, isSlow = false) {
  const messages = [
    { role: "user", content: [text(reminder), text("Please find out why the build fails.")] },
    { role: "system", content: `# Environment\n${prose(11, 1400)}` },
  ];
  for (let turn = 0; turn < 15; turn++) {
    const [call, result] = toolCall(
      turn,
      "Read",
      { file_path: `/home/dev/demo/src/part-${turn}.ts` },
      code(turn, 42),
    );
    messages.push({ role: "assistant", content: [text(prose(turn, 120)), call] });
    messages.push({ role: "user", content: [turn === 14 ? { ...result, cache_control } : result] });
  }
  messages.push({ role: "user", content: [{ ...text(isSlow ? slowQuestion : question), cache_control }] });
  return {
    ...settings(stream),
    messages,
    system: [
      text("x-anthropic-billing-header: cc_version=2.1.330.87b; cc_entrypoint=sdk-cli;"),
      { ...text("You are a coding agent."), cache_control },
      { ...text(`# Instructions\n${prose(7, 6500)}`), cache_control },
    ],
    tools: Array.from({ length: 30 }, (_, index) => tool(index)),
  };
}

const cache_control = { type: "ephemeral" };
const question = `Question ${placeholders.question}: and now?`;
const slowQuestion = `Question ${placeholders.question}: ${slowMark}`;
const reminder = `<system-reminder>\n${"As you answer, the following context may help. ".repeat(20)}\n</system-reminder>\n`;
const text = (content) => ({ type: "text", text: content });

function settings(stream) {
  const user = { device_id: "d".repeat(64), account_uuid: "", session_id: placeholders.session };
  return {
    model: "claude-sonnet-4-5",
    max_tokens: 32000,
    thinking: { type: "adaptive", display: "omitted" },
    metadata: { user_id: JSON.stringify(user) },
    ...(stream ? { stream: true } : {}),
  };
}

function toolCall(index, name, input, content) {
  const id = placeholders.toolUse(index);
  return [
    { type: "tool_use", id, name, input },
    { type: "tool_result", tool_use_id: id, content },
  ];
}

function tool(index) {
  const names = ["command", "description", "file_path", "pattern", "timeout", "limit"];
  const property = (name, at) => [name, { type: at > 3 ? "number" : "string", description: prose(at, 90) }];
  return {
    name: `Tool${String(index).padStart(2, "0")}`,
    description: prose(index, 650),
    input_schema: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: Object.fromEntries(names.map(property)),
      required: ["command", "description"],
      additionalProperties: false,
    },
  };
}

/** The Read tool's output: numbered lines, with the arrow that makes the whole body a two-byte string in V8. */
function code(seed, lines) {
  return Array.from(
    { length: lines },
    (_, line) =>
      `${String(line + 1).padStart(6)}→  const value${line} = read("part-${seed}", ${line}); // "quoted"`,
  ).join("\n");
}

function prose(seed, length) {
  const words = [
    "the",
    "file",
    "of",
    'a "tool"',
    "is",
    "read",
    "before",
    "it",
    "changes,",
    "then\n",
    "every",
    "test",
  ];
  let result = "";
  for (let at = seed; result.length < length; at += 5 + (at % 3)) result += `${words[at % words.length]} `;
  return result.slice(0, length);
}
