import type { Message, OutputBlock, StopReason, Usage } from "./messages.js";
import type { ErrorType, RetryAdvice } from "./errors.js";

/** The events of a streamed answer, in the order that the Messages API sends them. */
export type MessageStreamEvent =
  | { type: "message_start"; message: Message }
  | { type: "content_block_start"; index: number; content_block: OutputBlock }
  | { type: "content_block_delta"; index: number; delta: BlockDelta }
  | { type: "content_block_stop"; index: number }
  | { type: "message_delta"; delta: MessageDelta; usage: Partial<Usage> & { output_tokens: number } }
  /** What it has besides its type only our own services read; clients never get it. */
  | { type: "message_stop"; timings?: GenerationTimings; has_lost_call?: boolean }
  | { type: "ping" }
  | ({ type: "error"; error: { type: ErrorType; message: string }; request_id?: string } & RetryAdvice);

export type BlockDelta =
  | { type: "text_delta"; text: string }
  | { type: "thinking_delta"; thinking: string }
  | { type: "signature_delta"; signature: string }
  | { type: "citations_delta"; citation: unknown }
  | { type: "input_json_delta"; partial_json: string };

export interface MessageDelta {
  stop_reason: StopReason | null;
  stop_sequence: string | null;
}

/** How long a generation waited for its turn, and how long the backend worked, in seconds. */
export interface GenerationTimings {
  queue_seconds?: number;
  load_seconds: number;
  prefill_seconds: number;
  decode_seconds: number;
}
