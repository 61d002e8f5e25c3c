/** A prompt was refused because it is longer than the window; the numbers as far as they are told. */
export interface ContextOverflow {
  promptTokens?: number;
  /** The server stopped counting there: vLLM reads no further than the room behind `max_tokens` begins. */
  isAtLeast?: true;
  contextLength?: number;
}

interface Wording {
  of: RegExp;
  prompt?: RegExp;
  window?: RegExp;
}

/** The refusals of vLLM, SGLang, LM Studio and OpenAI, as they were seen in their sources and issues. */
const wordings: Wording[] = [
  {
    of: /maximum context length/i,
    prompt:
      /(?<!\d)(\d+) in the messages|contains (?:at least )?(\d+) input tokens|request has (\d+) input tokens|: (\d+) tokens from the input|resulted in (\d+) tokens/i,
    window: /maximum context length (?:is|of) (\d+)/i,
  },
  {
    of: /model's context length is only \d+/i,
    prompt: /You passed (\d+) input tokens/i,
    window: /context length is only (\d+)/i,
  },
  {
    of: /longer than the (?:model's context length|maximum model length)/i,
    prompt: /\((\d+) tokens\)|\(length (\d+)\)/i,
    window: /context length \((\d+) tokens\)|maximum model length of (\d+)/i,
  },
  {
    of: /Input length \(\d+ tokens\) exceeds the maximum allowed length/i,
    prompt: /Input length \((\d+)/i,
    window: /maximum allowed length \((\d+)/i,
  },
  {
    of: /Trying to keep the first \d+ tokens/i,
    prompt: /the first (\d+) tokens/i,
    window: /context length of only (\d+)/i,
  },
  {
    of: /context size has been exceeded|exceeds? the available context size|greater than the context length/i,
  },
];

/** The error of a refused prompt, of any of the servers; `undefined` where it says something else. */
export function parseContextOverflow(error: unknown, message: string): ContextOverflow | undefined {
  const fields = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  if (fields["type"] === "exceed_context_size_error")
    return withNumbers(Number(fields["n_prompt_tokens"]), Number(fields["n_ctx"]));
  const wording = wordings.find(({ of }) => of.test(message));
  if (wording)
    return {
      ...withNumbers(find(message, wording.prompt), find(message, wording.window)),
      ...(/contains at least \d|You passed \d/i.test(message) ? { isAtLeast: true } : {}),
    };
  return fields["code"] === "context_length_exceeded" ? {} : undefined;
}

function find(message: string, pattern: RegExp | undefined): number {
  const groups = pattern?.exec(message)?.slice(1) ?? [];
  return Number(groups.find((group) => group !== undefined));
}

const withNumbers = (promptTokens: number, contextLength: number): ContextOverflow => ({
  ...(promptTokens > 0 ? { promptTokens } : {}),
  ...(contextLength > 0 ? { contextLength } : {}),
});
