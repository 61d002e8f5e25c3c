import { connect } from "node:net";

/** Whether something answers there with a status below 400. */
export function isAnswering(url, timeoutMs = 2000) {
  return fetch(url, { signal: AbortSignal.timeout(timeoutMs) }).then(
    (answer) => answer.arrayBuffer().then(() => answer.ok),
    () => false,
  );
}

/** The JSON at a URL, whatever its status; undefined where there is none. */
export async function askJson(url, { timeoutMs = 5000, ...request } = {}) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), ...request });
    return await answer.json();
  } catch {
    return undefined;
  }
}

/** Whether a connection can be made. The host may be one of a URL, where an address of IPv6 stands in brackets. */
export function isListening(host, port, timeoutMs = 2000) {
  return new Promise((resolve) => {
    const socket = connect({ host: host.replace(/^\[(.*)\]$/, "$1"), port, timeout: timeoutMs });
    const end = (isOpen) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once("connect", () => end(true));
    for (const event of ["error", "timeout"]) socket.once(event, () => end(false));
  });
}
