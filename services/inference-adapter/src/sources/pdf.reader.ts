import { LRUCache } from "lru-cache";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { ApiError } from "#anthropic/errors.js";
import { findWorkerFile } from "#platform/worker-file.js";
import { FewAtOnce } from "../generations/few-at-once.js";
import { mapMediaType } from "./map-media-type.js";
import type { PdfAnswer, PdfFault, PdfJob } from "./pdf-text.js";

export interface PdfReaderOptions {
  timeoutMs: number;
  maxPages: number;
  maxCharacters: number;
  maxMemoryMb: number;
}

const defaults: PdfReaderOptions = {
  timeoutMs: 30_000,
  maxPages: 600,
  maxCharacters: 8_000_000,
  maxMemoryMb: 512,
};
const atOnce = 2;
const mostWaiting = 32;
const memoryCheckMs = 50;
/** A conversation sends its documents again with every turn. */
const rememberedCharacters = 32_000_000;

/** The text of PDF documents, read in a worker of its own each, bounded in time, memory, pages and length. */
export class PdfReader {
  private readonly options: PdfReaderOptions;
  private readonly turns = new FewAtOnce(atOnce, mostWaiting);
  private readonly known = new LRUCache<string, string[]>({
    maxSize: rememberedCharacters,
    sizeCalculation: (pages) => pages.reduce((sum, { length }) => sum + length, 1),
  });

  constructor(options: Partial<PdfReaderOptions> = {}) {
    this.options = { ...defaults, ...options };
  }

  /** The text of each page. @throws ApiError `invalid_request_error` where it has none that can be read */
  async read(bytes: Uint8Array, path: string, signal: AbortSignal): Promise<string[]> {
    if (mapMediaType(bytes) !== "application/pdf") throw invalid(path, faults.broken);
    const digest = createHash("sha256").update(bytes).digest("base64");
    const known = this.known.get(digest);
    if (known) return known;
    const answer = await this.turns.run(() => this.work(bytes, path, signal), signal);
    if ("fault" in answer) throw invalid(path, this.describe(answer.fault));
    if (answer.pages.every((text) => text === "")) throw invalid(path, scanned);
    this.known.set(digest, answer.pages);
    return answer.pages;
  }

  private async work(bytes: Uint8Array, path: string, signal: AbortSignal): Promise<PdfAnswer> {
    const { timeoutMs, maxPages, maxCharacters, maxMemoryMb } = this.options;
    const job: PdfJob = { bytes: new Uint8Array(bytes), maxPages, maxCharacters };
    const worker = new Worker(file.url, {
      ...file.options,
      workerData: job,
      transferList: [job.bytes.buffer],
      resourceLimits: { maxOldGenerationSizeMb: maxMemoryMb },
      stdout: true,
      stderr: true,
    });
    const tooLarge = new AbortController();
    // Typed arrays stand outside of the heap that resourceLimits bounds.
    const watch = setInterval(() => {
      worker.getHeapStatistics().then(
        ({ external_memory }) => {
          if (external_memory > maxMemoryMb * 1024 * 1024) tooLarge.abort();
        },
        () => undefined,
      );
    }, memoryCheckMs);
    try {
      const ending = AbortSignal.any([signal, tooLarge.signal, AbortSignal.timeout(timeoutMs)]);
      const [answer] = (await once(worker, "message", { signal: ending })) as [PdfAnswer];
      return answer;
    } catch {
      if (signal.aborted) throw signal.reason;
      throw invalid(path, "The PDF takes too much time or memory to be read");
    } finally {
      clearInterval(watch);
      await worker.terminate();
    }
  }

  private describe(fault: PdfFault): string {
    return fault === "pages"
      ? `A maximum of ${this.options.maxPages} PDF pages may be provided`
      : faults[fault];
  }
}

const faults: Record<Exclude<PdfFault, "pages">, string> = {
  broken: "The PDF specified was not valid.",
  protected: "The PDF specified is password protected.",
  length: "The PDF has more text than can be read",
};

const scanned = "The PDF has no text: its pages are pictures, which are not read";

const invalid = (path: string, message: string) =>
  new ApiError("invalid_request_error", `${path}: ${message}`);

const file = findWorkerFile(import.meta.url, "pdf.worker");
