import type { ChatPrompt } from "../../../tokens/prompt-source.js";
import { standInTool } from "../../../tokens/tools-text.js";

const name = "zq7xk4vj_call";

/** A conversation that shows how a template writes a call. */
export const probePrompt: ChatPrompt = {
  tools: [standInTool],
  think: false,
  messages: [
    { role: "user", content: "question" },
    { role: "assistant", content: "", tool_calls: [{ function: { name, arguments: { key: "value" } } }] },
    { role: "tool", content: "result" },
  ],
};

const forms = [
  new RegExp(`<tool_call>\\s*<function=${name}>\\s*<parameter=key>\\s*value\\s*</parameter>`),
  new RegExp(`<tool_call>\\s*\\{\\s*"name":\\s*"${name}",\\s*"arguments":\\s*\\{`),
];

/** Whether the model was shown a form of call that we can read: qwen3-coder's XML or Hermes' JSON. */
export const isReadableTemplate = (rendered: string): boolean => forms.some((form) => form.test(rendered));
