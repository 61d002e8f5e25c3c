import { Injectable, type OnModuleDestroy } from "@nestjs/common";
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { ChangeLine } from "#service-contracts/near-copies.js";

export const changesType = "application/x-ndjson";

const beatIntervalMs = 500;
/** A reader that does not read begins anew. */
const maxUnreadBytes = 4 * 1024 * 1024;

/** Tells the gateways, which keep copies, what changes: each over one answer that goes on for ever. */
@Injectable()
export class ChangeFeed implements OnModuleDestroy {
  /** Of this process' life. */
  readonly instance = randomUUID();
  private readonly readers = new Map<string, ServerResponse>();
  private readonly beats = setInterval(() => this.tell({ type: "beat" }), beatIntervalMs).unref();
  private isClosed = false;

  /** False: this service is closing. */
  open(response: ServerResponse): boolean {
    if (this.isClosed) return false;
    const reader = randomUUID();
    this.readers.set(reader, response);
    response.once("close", () => this.readers.delete(reader));
    response.writeHead(200, { "content-type": changesType, "cache-control": "no-store" });
    response.write(encode({ type: "hello", instance: this.instance, reader }));
    return true;
  }

  isReading(reader: string): boolean {
    return this.readers.has(reader);
  }

  /** Whatever an answer says that is given after this, the change is in it. */
  tell(line: ChangeLine, except?: string): void {
    if (this.readers.size === 0) return;
    const text = encode(line);
    for (const [reader, response] of this.readers) {
      if (reader === except) continue;
      if (response.writableLength > maxUnreadBytes) response.destroy();
      else response.write(text);
    }
  }

  /** Before the server waits for its answers to end. */
  onModuleDestroy(): void {
    this.isClosed = true;
    clearInterval(this.beats);
    for (const response of this.readers.values()) response.end();
  }
}

function encode(line: ChangeLine): string {
  return `${JSON.stringify(line)}\n`;
}
