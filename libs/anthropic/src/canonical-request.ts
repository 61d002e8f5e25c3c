import { bare } from "./canonical-content.js";
import { type CanonicalMessage, toCanonicalMessages } from "./canonical-messages.js";
import { toCanonicalTools } from "./canonical-tools.js";
import type { MessagesRequest, OutputConfig, TextBlock, ToolChoice } from "./messages.js";

// The one form of a request that the cache key is made of and that the model sees. It drops what has no
// meaning for the model and makes equal requests equal, so that answers are found again and the backend's
// KV prefix stays warm. A deny-list: what is not named here is kept.

/** A request in canonical form: contents are always lists of blocks, `system` too. */
export interface CanonicalRequest extends Omit<
  MessagesRequest,
  "system" | "stream" | "metadata" | "safeguards"
> {
  system?: TextBlock[];
  messages: CanonicalMessage[];
}

/** The request in canonical form; the input is not changed. Applied twice it changes nothing more. */
export function toCanonicalRequest(request: MessagesRequest): CanonicalRequest {
  const {
    system,
    tools,
    messages,
    metadata: _metadata,
    safeguards: _safeguards,
    stream: _stream,
    thread: _thread,
    ...rest
  } = withoutDefaults(withOutputFormat(bare(request)));
  const canonicalSystem = toCanonicalSystem(system ?? []);
  const canonicalTools = toCanonicalTools(tools ?? [], messages);
  return {
    ...rest,
    ...(canonicalSystem.length > 0 ? { system: canonicalSystem } : {}),
    ...(canonicalTools.length > 0 ? { tools: canonicalTools } : {}),
    messages: toCanonicalMessages(messages),
  };
}

/** What says the same as its absence, as some clients write it. */
function withoutDefaults(request: MessagesRequest): MessagesRequest {
  const { stop_sequences, thinking, tool_choice, output_config, ...kept } = request;
  const config = output_config && bare(output_config);
  const choice = tool_choice && toCanonicalChoice(tool_choice);
  return {
    ...kept,
    ...(stop_sequences?.length ? { stop_sequences } : {}),
    ...(thinking && thinking.type !== "disabled" ? { thinking: bare(thinking) } : {}),
    ...(choice ? { tool_choice: choice } : {}),
    ...(config && Object.keys(config).length > 0 ? { output_config: config } : {}),
  };
}

function toCanonicalChoice(asked: ToolChoice): ToolChoice | undefined {
  const choice = bare(asked);
  if (choice.type === "none" || choice.disable_parallel_tool_use) return choice;
  if (choice.type === "auto") return undefined;
  const { disable_parallel_tool_use: _default, ...kept } = choice;
  return kept;
}

/** The name that `output_config.format` had in a beta. */
function withOutputFormat(
  asked: MessagesRequest & { output_format?: OutputConfig["format"] },
): MessagesRequest {
  if (asked.output_format === undefined) return asked;
  const { output_format, output_config, ...request } = asked;
  return { ...request, output_config: { ...output_config, format: output_config?.format ?? output_format } };
}

function toCanonicalSystem(system: string | TextBlock[]): TextBlock[] {
  const blocks: TextBlock[] = typeof system === "string" ? [{ type: "text", text: system }] : system;
  return blocks
    .map((block) => ({ ...bare(block), text: withoutBillingLines(block.text) }))
    .filter(({ text }) => text !== "");
}

/** Claude Code sends the billing line as a block of its own, proxies join it with the prompt: only the line goes. */
function withoutBillingLines(text: string): string {
  let start = 0;
  while (text.startsWith("x-anthropic-billing-header:", start)) {
    const end = text.indexOf("\n", start);
    if (end === -1) return "";
    start = end + 1;
  }
  return text.slice(start);
}
