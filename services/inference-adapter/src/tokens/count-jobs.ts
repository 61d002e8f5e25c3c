import type { Dialect } from "./pre-tokenizers.js";
import type { VocabularyFacts } from "./text-counter.js";

/** What the counting worker is asked. */
export type CountJob =
  | { type: "load"; id: number; digest: string; show: Uint8Array }
  | { type: "count"; id: number; digest: string; dialect: Dialect; texts: string[] }
  | { type: "forget"; digest: string };

/** A job's end: the facts of a loaded vocabulary (undefined where its kind is not supported), or counts. */
export type CountAnswer =
  { id: number; result: VocabularyFacts | undefined | number[] } | { id: number; error: string };
