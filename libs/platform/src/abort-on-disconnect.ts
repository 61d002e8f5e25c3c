import type { ServerResponse } from "node:http";

/** Whether a client has gone before its answer was finished. Its signal is made when somebody asks for it. */
export class ClientPresence {
  isGone = false;
  private controller: AbortController | undefined;

  constructor(response: ServerResponse) {
    response.once("close", () => {
      if (response.writableFinished) return;
      this.isGone = true;
      this.controller?.abort();
    });
  }

  /** Fires when the client has gone. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.isGone) this.controller.abort();
    return this.controller.signal;
  }
}

/** A signal that fires when the client has gone before its answer was finished. */
export function abortOnDisconnect(response: ServerResponse): AbortSignal {
  return new ClientPresence(response).signal;
}
