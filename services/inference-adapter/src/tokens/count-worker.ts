import { Worker } from "node:worker_threads";
import { findWorkerFile } from "#platform/worker-file.js";
import type { CountAnswer, CountJob } from "./count-jobs.js";
import type { Dialect } from "./pre-tokenizers.js";
import type { VocabularyFacts } from "./text-counter.js";

interface Waiting {
  resolve: (result: never) => void;
  reject: (error: Error) => void;
}

/** The counting worker, started with its first job and again after a crash. It keeps no process alive. */
export class CountWorker {
  private worker: Worker | undefined;
  private lastId = 0;
  private readonly waiting = new Map<number, Waiting>();

  /** Called when the worker has died: what it held must be loaded again. */
  constructor(private readonly onLost: () => void) {}

  /** `show`: the JSON of `/api/show`; it is handed over, the caller keeps nothing of it. */
  load(digest: string, show: Uint8Array<ArrayBuffer>): Promise<VocabularyFacts | undefined> {
    return this.ask((id) => ({ type: "load", id, digest, show }), [show.buffer]);
  }

  count(digest: string, dialect: Dialect, texts: string[]): Promise<number[]> {
    return this.ask((id) => ({ type: "count", id, digest, dialect, texts }));
  }

  forget(digest: string): void {
    this.worker?.postMessage({ type: "forget", digest } satisfies CountJob);
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
  }

  private ask<Result>(toJob: (id: number) => CountJob, transfer: ArrayBuffer[] = []): Promise<Result> {
    const id = ++this.lastId;
    return new Promise<Result>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker ??= this.start();
      this.worker.postMessage(toJob(id), transfer);
    });
  }

  private start(): Worker {
    const worker = new Worker(file.url, {
      ...file.options,
      resourceLimits: { maxOldGenerationSizeMb: 1024 },
    });
    worker.unref();
    worker.on("message", (answer: CountAnswer) => this.finish(answer));
    worker.on("error", (error: Error) => this.lose(worker, error));
    worker.on("exit", () => this.lose(worker, new Error("the counting worker has ended")));
    return worker;
  }

  private finish(answer: CountAnswer): void {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if ("error" in answer) waiting?.reject(new Error(answer.error));
    else waiting?.resolve(answer.result as never);
  }

  private lose(worker: Worker, error: Error): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
    this.onLost();
  }
}

const file = findWorkerFile(import.meta.url, "count.worker");
