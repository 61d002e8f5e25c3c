import type { RescuedCall } from "./call-reader.js";
import { isJsonObject, parseStrictly } from "./mend-json.js";

/** Whether the model wrote the call as its template has it, so that nothing had to be mended. */
export function isWellFormedCall({ kind, name, source }: RescuedCall): boolean {
  const text = source.trim();
  switch (kind) {
    case "qwen3_xml":
      return (
        text.startsWith(`<tool_call>\n<function=${name}>\n`) &&
        /(?:>|\n<\/parameter>)\n<\/function>\n<\/tool_call>$/.test(text)
      );
    case "hermes_json": {
      const [, json = ""] = /^<tool_call>\s*(\{.*\})\s*<\/tool_call>$/s.exec(text) ?? [];
      const call = parseStrictly(json);
      return isJsonObject(call) && call.name === name && isJsonObject(call.arguments);
    }
    case "bare_json":
      return false;
  }
}
