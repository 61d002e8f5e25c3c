import type { GenerationEvent } from "../backends/inference-backend.js";

/** What comes out of an answer: as the backend gives it, or first that the model writes something that is held back. */
export type AnswerEvent = GenerationEvent | { type: "begun" };
