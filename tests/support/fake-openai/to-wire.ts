import type { Schema, Wire } from "../fake-ollama/wire.js";

/** A request as it came, as far as the stand-in reads it. */
export interface ChatBody {
  model: string;
  messages: {
    role: string;
    content?: string | { type: string; text?: string }[] | null;
    reasoning_content?: string;
    tool_calls?: { function: { name: string; arguments: string } }[];
  }[];
  tools?: { function: { name: string } }[];
  tool_choice?: unknown;
  response_format?: { json_schema?: { schema?: Schema } };
  chat_template_kwargs?: { enable_thinking?: boolean };
  max_tokens?: number;
}

/** A chat as the tiny models' recitals take it. */
export function toWire({ messages, tools, response_format }: ChatBody): Wire {
  const format = response_format?.json_schema?.schema;
  return {
    messages: messages.map(({ role, content, tool_calls = [] }) => ({
      role,
      content: textOf(content),
      tool_calls: tool_calls.map((call) => ({
        function: {
          name: call.function.name,
          arguments: JSON.parse(call.function.arguments) as Record<string, unknown>,
        },
      })),
    })),
    ...(tools ? { tools } : {}),
    ...(format ? { format } : {}),
  };
}

function textOf(content: ChatBody["messages"][number]["content"]): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => part.text ?? "").join("\n");
}
