import { smallBody } from "../requests/claude-code-body.mjs";
import { findFreePort } from "../../tests/support/free-ports.ts";
import { repository } from "../targets/paths.mjs";
import { startThreeProcesses } from "../targets/three-processes.mjs";

/**
 * From the start of the programs to the end of the first answer, in ms, looked at every 50 ms: the three services
 * started together, and `npm start` of this checkout where its own build is measured.
 */
export async function measureStarts(context, { rounds, isOwnBuild }) {
  const starts = [{ name: "three processes", start: startThree }];
  if (isOwnBuild) {
    starts.push({ name: "npm start", start: startByNpm });
    // It builds again where a build has not left its stamp: that is no start of a built checkout.
    await context.children.stop(await startByNpm(context));
  }
  const measured = starts.map(({ name }) => ({ name, startsMs: [] }));
  for (let round = 0; round < rounds; round++)
    for (const [index, { start }] of starts.entries()) {
      const startedAt = performance.now();
      const pids = await start(context);
      measured[index].startsMs.push(performance.now() - startedAt);
      await context.children.stop(pids);
    }
  return measured;
}

async function startThree(context) {
  const { pids } = await startThreeProcesses(context, { name: "start", toIsUp: gives });
  return pids;
}

async function startByNpm({ children, upstream }) {
  const port = await findFreePort();
  const pid = await children.start(
    "npm start",
    "npm",
    ["--prefix", repository, "start", "--", "--port", String(port)],
    {
      env: { OLLAMA_HOST: upstream.url, CACHE_PORT: "0", INFERENCE_PORT: "0" },
      isUp: gives(`http://127.0.0.1:${port}`),
      startTimeoutMs: 120_000,
    },
  );
  return [pid];
}

/** For `isUp`: it gives an answer to a question. */
function gives(url) {
  return async () => {
    const response = await fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(smallBody(false)),
      signal: AbortSignal.timeout(2000),
    });
    await response.arrayBuffer();
    return response.status === 200;
  };
}
