import { setTimeout as sleep } from "node:timers/promises";
import { runLoad } from "../load/run-load.mjs";
import { runStreams } from "../load/run-streams.mjs";
import { readCpuSeconds } from "../processes/cpu-time.mjs";
import { readMemory } from "../processes/memory.mjs";

/** What a service still does for a request after its answer counts in the CPU time: reports after 100 ms, log lines after 200. */
const afterworkMs = 250;

const warmUpRequests = 3000;

/**
 * Lets every target compile its code by answering `warmUpRequests`, or for `durationMs`, whatever comes first: what has
 * answered some hundred takes up to three times as long as what has answered thousands.
 */
export async function warmUp(scenario, durationMs) {
  const busier = { ...scenario, connections: 8 };
  for (const target of scenario.targets)
    await runSlice(busier, target, { sliceMs: durationMs, count: warmUpRequests });
}

/**
 * One scenario on all its targets, in turns: A B C C B A A B C, so that whatever else the machine does, and what the
 * target before left behind, meets all alike.
 */
export async function measure(scenario, { redis, upstream }, timing) {
  const slices = new Map(scenario.targets.map(({ name }) => [name, []]));
  for (let round = 0; round < timing.rounds; round++)
    for (const target of round % 2 === 0 ? scenario.targets : scenario.targets.toReversed())
      slices.get(target.name).push(await measureSlice(scenario, target, { redis, upstream }, timing));
  return slices;
}

async function measureSlice(scenario, target, { redis, upstream }, timing) {
  const redisPids = [target.redisPid ?? redis.pid];
  const before = {
    own: readCpuSeconds(target.pids),
    redis: readCpuSeconds(redisPids),
    generations: await upstream.countGenerations(),
  };
  const load = await runSlice(scenario, target, timing);
  const memory = readMemory(target.pids);
  await sleep(afterworkMs);
  const cpuSeconds = readCpuSeconds(target.pids) - before.own;
  const redisCpuSeconds = readCpuSeconds(redisPids) - before.redis;
  const generations = (await upstream.countGenerations()) - before.generations;
  noteGenerations(load, generations, scenario.generationsPerRequest);
  return { ...load, cpuSeconds, redisCpuSeconds, memory };
}

/** A hit that asked the upstream was none, whatever its headers say; a miss that did not was no miss. */
function noteGenerations({ latenciesMs, wrong }, generations, perRequest) {
  if (perRequest === undefined || generations === perRequest * latenciesMs.length) return;
  wrong[`${generations} generations for ${latenciesMs.length} answers`] = 1;
}

function runSlice(scenario, target, { sliceMs, streamsEach, count }) {
  const { connections, isRight, nextNumber, toRequest, spreadMs, text } = scenario;
  const next = () => toRequest(target, nextNumber(target));
  const { url } = target;
  if (text !== undefined) return runStreams({ url, connections, streamsEach, spreadMs, next, text });
  return runLoad({
    url,
    connections,
    durationMs: sliceMs,
    count,
    next,
    isRight: (answer) => isRight(answer, target),
  });
}
