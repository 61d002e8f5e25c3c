import type { InputDraft } from "./input-draft.js";
import type { Token } from "./tag-lexer.js";

export const rescueKinds = ["qwen3_xml", "hermes_json", "bare_json"] as const;
export type RescueKind = (typeof rescueKinds)[number];

export interface RescuedCall {
  kind: RescueKind;
  name: string;
  input: Record<string, unknown>;
  /** The text that the call was written as. */
  source: string;
}

/**
 * How the text came to its end: `finished` by the model itself, `stopped` by a stop sequence or by another
 * call, `cut` by the output limit or by anything else.
 */
export type Ending = "finished" | "stopped" | "cut";

/** `open`: it may still become a call or go on. `call` and `text` say what it was; what follows is in `unread`. */
export type Verdict = "open" | "call" | "text";

/** A call while it is being written. */
export interface CallDraft {
  name: string;
  input: InputDraft;
}

/** Reads one call token by token, after its beginning was found. */
export interface CallReader {
  read(token: Token): Verdict;
  /** `damaged`: no call as it stands, but worth another reading that forgives missing closing tags. */
  end(ending: Ending): "call" | "text" | "damaged";
  /** The text that was taken so far, without what is in `unread`. */
  readonly source: string;
  /** What was read beyond the call, to be read again as something else. */
  readonly unread: Token[];
  /** Where drafts are asked for and nothing but its end can make it text any more. */
  readonly draft: CallDraft | undefined;
  toCall(): RescuedCall;
}
