import type { EntryStore } from "./caching/entry-store.js";
import type { CreateMessage } from "./inference/inference-call.js";

/**
 * What runs in the gateway's own process and is called there, without HTTP; empty where the gateway runs alone. What
 * no message waits for goes over HTTP all the same: models, health, metrics, administration.
 */
export class InProcess {
  constructor(
    readonly createMessage?: CreateMessage | undefined,
    readonly entries?: EntryStore | undefined,
  ) {}
}
