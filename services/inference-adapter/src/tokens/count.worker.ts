import { parentPort } from "node:worker_threads";
import type { CountAnswer, CountJob } from "./count-jobs.js";
import { parseVocabulary } from "./parse-vocabulary.js";
import { TextCounter, type VocabularyFacts } from "./text-counter.js";

// Holds the vocabularies and counts, off the event loop that the streams run on. Node loads this file and
// what it imports without a compiler in tests: only erasable TypeScript.

const counters = new Map<string, TextCounter>();

parentPort?.on("message", (job: CountJob) => {
  if (job.type === "forget") return void counters.delete(job.digest);
  try {
    answer({ id: job.id, result: job.type === "load" ? load(job) : count(job) });
  } catch (error) {
    answer({ id: job.id, error: (error as Error).message });
  }
});

const answer = (message: CountAnswer) => parentPort?.postMessage(message, []);

function load({ digest, show }: CountJob & { type: "load" }): VocabularyFacts | undefined {
  const { model_info = {} } = JSON.parse(new TextDecoder().decode(show)) as {
    model_info?: Record<string, unknown>;
  };
  const vocabulary = parseVocabulary(model_info);
  if (!vocabulary) return undefined;
  const counter = new TextCounter(vocabulary);
  counters.set(digest, counter);
  return counter.facts;
}

function count({ digest, dialect, texts }: CountJob & { type: "count" }): number[] {
  const counter = counters.get(digest);
  if (!counter) throw new Error(`the vocabulary ${digest} is not loaded`);
  return texts.map((text) => counter.count(text, dialect));
}
