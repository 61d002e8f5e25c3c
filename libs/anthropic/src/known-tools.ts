import type { Tool } from "./messages.js";

// Tools that clients run themselves and Anthropic's models know without a definition: a model of one's own is given
// one. Names and fields after Anthropic's documentation of these tools.

interface KnownTool {
  /** The begin of the `type`; behind it stands a date. */
  prefix: string;
  description: string;
  input_schema: Record<string, unknown>;
}

const text = (description: string) => ({ type: "string", description });
const path = text("The absolute path of the file or folder");
const lineRange = {
  type: "array",
  items: { type: "integer" },
  description: "view: first and last line, from 1; -1 for the end of the file",
};

const editing = {
  path,
  file_text: text("create: what the file holds"),
  old_str: text("str_replace: the text to be replaced; it must occur exactly once"),
  new_str: text("str_replace: the text in its place"),
  insert_line: {
    type: "integer",
    description: "insert: the line behind which the text goes; 0 for the begin",
  },
  view_range: lineRange,
};

const withCommand = (commands: string[], properties: object, required: string[]) => ({
  type: "object",
  properties: { command: { type: "string", enum: commands, description: "What to do" }, ...properties },
  required: ["command", ...required],
});

const editor = "Views, creates and edits text files.";
const editorCommands = ["view", "create", "str_replace", "insert"];

const knownTools: KnownTool[] = [
  {
    prefix: "bash_",
    description: "Runs a command in a bash session that keeps its state, and returns its output.",
    input_schema: {
      type: "object",
      properties: {
        command: text("The command to run; needed unless restart is true"),
        restart: { type: "boolean", description: "True: begin a new session" },
      },
    },
  },
  ...["text_editor_20241022", "text_editor_20250124"].map((prefix) => ({
    prefix,
    description: editor,
    input_schema: withCommand([...editorCommands, "undo_edit"], editing, ["path"]),
  })),
  {
    prefix: "text_editor_20250429",
    description: editor,
    input_schema: withCommand(editorCommands, editing, ["path"]),
  },
  {
    prefix: "text_editor_",
    description: editor,
    input_schema: withCommand(
      editorCommands,
      { ...editing, insert_text: text("insert: the text that goes there") },
      ["path"],
    ),
  },
  {
    prefix: "memory_",
    description: "Reads and writes files under /memories, which are kept from one conversation to the next.",
    input_schema: withCommand(
      [...editorCommands, "delete", "rename"],
      {
        ...editing,
        path: text("The path under /memories; for rename see old_path and new_path"),
        insert_text: text("insert: the text that goes there"),
        old_path: text("rename: the path as it is"),
        new_path: text("rename: the path as it is to be"),
      },
      [],
    ),
  },
];

function findKnownTool(type: string): KnownTool | undefined {
  return knownTools.find(({ prefix }) => type.startsWith(prefix));
}

/** Whether a model of one's own is offered a tool of this `type` that brings no schema. */
export function isDefinedByType(type: string): boolean {
  return findKnownTool(type) !== undefined;
}

/** With the definition of a tool that comes by its type alone, where it is known. */
export function withDefinition(tool: Tool): Tool {
  if (tool.type == null || tool.input_schema !== undefined) return tool;
  const known = findKnownTool(tool.type);
  if (!known) return tool;
  const { description, input_schema } = known;
  return { description, ...tool, input_schema };
}
