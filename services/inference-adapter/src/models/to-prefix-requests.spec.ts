import { expect, it } from "vitest";
import { type PromptPrefix, toPrefixRequests, toPromptPrefix } from "./to-prefix-requests.js";

const tool = (name: string, bytes: number) => ({
  name,
  description: "x".repeat(bytes),
  input_schema: { type: "object" as const },
});
const system = [{ type: "text" as const, text: "Be brief." }];

it.each<[string, PromptPrefix, (string[] | undefined)[]]>([
  ["nothing", {}, [undefined]],
  ["a system prompt alone", { system }, [undefined]],
  ["a few small tools in one", { system, tools: [tool("a", 10), tool("b", 10)] }, [["a", "b"]]],
  [
    "many tools in steps, each with those before",
    { system, tools: [tool("a", 9000), tool("b", 9000), tool("c", 20_000), tool("d", 10)] },
    [
      ["a", "b"],
      ["a", "b", "c"],
      ["a", "b", "c", "d"],
    ],
  ],
  ["a large last tool", { tools: [tool("a", 10), tool("b", 40_000)] }, [["a", "b"]]],
])("%s", (_name, prefix, expected) => {
  const requests = toPrefixRequests(prefix, "tiny");
  expect(requests.map(({ tools }) => tools?.map(({ name }) => name))).toEqual(expected);
  for (const request of requests) expect(request).toMatchObject({ model: "tiny", max_tokens: 1 });
  for (const request of requests) expect(request.system).toBe(prefix.system);
});

it("holds nobody's messages", () => {
  const request = {
    model: "tiny",
    system,
    tools: [tool("a", 1)],
    max_tokens: 5,
    messages: [{ role: "user" as const, content: [{ type: "text" as const, text: "private" }] }],
  };
  expect(toPromptPrefix(request)).toEqual({ system, tools: request.tools });
});
