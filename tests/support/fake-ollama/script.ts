// What an answer consists of, and how it is played token by token.

export interface FakeToolCall {
  name: string;
  arguments: Record<string, unknown>;
}

export type Step =
  | { text: string; forever?: boolean }
  | { thinking: string }
  | { toolCall: FakeToolCall }
  /** So many tokens that are counted and never shown, as Ollama does with a call that it can't parse. */
  | { swallowed: number }
  /** Silence; ends when the client leaves. */
  | { delayMs: number }
  /** Prompt evaluation: silence that keeps its slot even when the client leaves. */
  | { headersDelayMs: number }
  | { raw: string }
  | { cut: "end" | "reset" }
  | { status: number; body: unknown }
  | { done: { reason?: string; promptEvalCount?: number; evalCount?: number } };

/** A script that doesn't end in done, raw, cut or status ends in a `done` of its own. */
export type Script = readonly Step[];

const toTokens = (text: string): string[] =>
  text.match(/ ?[A-Za-z]+| ?\d+| ?[^\sA-Za-z\d]+|\s+(?!\S)|\s+/gu) ?? [];

const endsInPartOf = (text: string, stop: string): boolean =>
  Array.from({ length: stop.length - 1 }, (_, index) => stop.slice(0, index + 1)).some((part) =>
    text.endsWith(part),
  );

/** The script token by token, under the output limit and the stop strings, to its `done`. */
export function* play(script: Script, limit: number, stops: readonly string[]): Generator<Step> {
  let count = 0;
  let held = "";
  for (const step of script) {
    if ("text" in step) {
      const tokens = toTokens(step.text);
      for (
        let index = 0;
        index < tokens.length;
        index = step.forever ? (index + 1) % tokens.length : index + 1
      ) {
        count += 1;
        held += tokens[index] ?? "";
        const hits = stops.map((stop) => held.indexOf(stop)).filter((at) => at >= 0);
        if (hits.length > 0) {
          yield { text: held.slice(0, Math.min(...hits)) };
          return yield { done: { reason: "stop", evalCount: count } };
        }
        if (count < limit && stops.some((stop) => endsInPartOf(held, stop))) continue;
        yield { text: held };
        held = "";
        if (count >= limit) return yield { done: { reason: "length", evalCount: count } };
      }
      continue;
    }
    if (held) yield { text: held };
    held = "";
    if ("thinking" in step) {
      for (const thinking of toTokens(step.thinking)) {
        count += 1;
        yield { thinking };
        if (count >= limit) return yield { done: { reason: "length", evalCount: count } };
      }
    } else if ("toolCall" in step || "swallowed" in step) {
      count += "swallowed" in step ? step.swallowed : Math.ceil(JSON.stringify(step.toolCall).length / 5);
      if (count > limit) return yield { done: { reason: "length", evalCount: limit } };
      if ("toolCall" in step) yield step;
    } else if ("done" in step) {
      return yield { done: { reason: "stop", evalCount: count + 1, ...step.done } };
    } else {
      yield step;
      if ("cut" in step || "status" in step) return;
    }
  }
  if (held) yield { text: held };
  const last = script.at(-1);
  if (!last || !("raw" in last)) yield { done: { reason: "stop", evalCount: count + 1 } };
}
