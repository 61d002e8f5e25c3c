import type { MessagesRequest, Tool } from "./messages.js";

/** The tools that the model can call. Those that Anthropic's servers run, or only its models know, have no schema here. */
export function clientTools({ tools, tool_choice }: Pick<MessagesRequest, "tools" | "tool_choice">): Tool[] {
  return tool_choice?.type === "none" ? [] : (tools ?? []).filter(isClientTool);
}

const isClientTool = ({ type, input_schema }: Tool) =>
  input_schema !== undefined || type == null || type === "custom";
