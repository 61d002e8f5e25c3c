import type { ServerResponse } from "node:http";

/** A signal that fires when the client has gone before its answer was finished. */
export function abortOnDisconnect(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}
