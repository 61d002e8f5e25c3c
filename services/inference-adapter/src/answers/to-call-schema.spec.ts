import { expect, it } from "vitest";
import { toCallSchema } from "./to-call-schema.js";

const call = (name: string, schema: object) => ({
  type: "object",
  properties: { name: { const: name }, arguments: schema },
  required: ["name", "arguments"],
  additionalProperties: false,
});
const none = { type: "object", properties: {} };

it.each<[string, object[], object]>([
  [
    "one tool",
    [{ name: "f", input_schema: { type: "object", properties: { a: { type: "string" } } } }],
    call("f", { type: "object", properties: { a: { type: "string" } } }),
  ],
  [
    "several",
    [
      { name: "f", input_schema: none },
      { name: "g", input_schema: none },
    ],
    { anyOf: [call("f", none), call("g", none)] },
  ],
  ["no schema", [{ name: "f" }], call("f", none)],
  ["no parameters", [{ name: "f", input_schema: { type: "object" } }], call("f", none)],
  [
    "any parameters",
    [{ name: "f", input_schema: { type: "object", additionalProperties: true } }],
    call("f", { type: "object", additionalProperties: true }),
  ],
  [
    "references, and words that look like some",
    [
      {
        name: "f",
        input_schema: {
          $schema: "https://json-schema.org/draft/2020-12/schema",
          type: "object",
          properties: {
            a: { $ref: "#/$defs/n" },
            $ref: { type: "string" },
            c: { const: { $ref: "#/x" } },
            self: { $ref: "#" },
          },
          $defs: { n: { type: "null" } },
        },
      },
    ],
    {
      ...call("f", { $ref: "#/$defs/tool_0" }),
      $defs: {
        tool_0: {
          type: "object",
          properties: {
            a: { $ref: "#/$defs/tool_0/$defs/n" },
            $ref: { type: "string" },
            c: { const: { $ref: "#/x" } },
            self: { $ref: "#/$defs/tool_0" },
          },
          $defs: { n: { type: "null" } },
        },
      },
    },
  ],
])("%s", (_case, tools, schema) => expect(toCallSchema(tools as never)).toEqual(schema));
