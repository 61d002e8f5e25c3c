import { expect, it } from "vitest";
import { readClaudeCodeBody } from "../../../../../../libs/anthropic/src/__fixtures__/read-fixture.js";
import { toCanonicalRequest } from "#anthropic/canonical-request.js";
import type { MessagesRequest, Tool } from "#anthropic/messages.js";
import { placeFoundTools } from "./place-found-tools.js";

const tool = (name: string, fields: Partial<Tool> = {}): Tool => ({
  name,
  description: `Does ${name}`,
  input_schema: { type: "object" },
  ...fields,
});
const search = (...names: string[]): MessagesRequest["messages"] => [
  { role: "user", content: "hi" },
  { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "ToolSearch", input: {} }] },
  {
    role: "user",
    content: [
      {
        type: "tool_result",
        tool_use_id: "t1",
        content: names.map((tool_name) => ({ type: "tool_reference" as const, tool_name })),
      },
    ],
  },
];
const place = (tools: Tool[], messages: MessagesRequest["messages"]) =>
  placeFoundTools(toCanonicalRequest({ model: "m", tools, messages }));

it("writes found tools where they were found, and leaves the list as it was", () => {
  const tools = [
    tool("CronList", { defer_loading: true }),
    tool("Read"),
    tool("Web", { defer_loading: true }),
  ];
  const placed = place(tools, search("Web", "CronList"));
  expect(placed.tools?.map(({ name }) => name)).toEqual(["Read"]);
  const text = JSON.stringify(placed.messages.at(-1));
  expect(text).toContain("Tool Web is available now.\\n");
  expect(text).toContain('\\"description\\":\\"Does CronList\\"');
});

it("does so with Claude Code's request, so that the list of the turn before stays", () => {
  const request = toCanonicalRequest(
    readClaudeCodeBody("after-tool-search-2.1.330") as unknown as MessagesRequest,
  );
  const placed = placeFoundTools(request);
  const names = placed.tools?.map(({ name }) => name) ?? [];
  expect(request.tools?.map(({ name }) => name)).toEqual([...names, "WebSearch", "TaskStop", "CronList"]);
});

it.each<[string, Tool[], MessagesRequest["messages"]]>([
  ["nothing was found", [tool("Read")], [{ role: "user", content: "hi" }]],
  [
    "a text only looks so",
    [tool("Read"), tool("Web")],
    [{ role: "user", content: "Tool Web is available now." }],
  ],
  ["what was found is not among the tools", [tool("Read")], search("Web")],
])("changes nothing where %s", (_case, tools, messages) => {
  const request = toCanonicalRequest({ model: "m", tools, messages });
  expect(placeFoundTools(request)).toBe(request);
});
