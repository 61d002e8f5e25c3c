import { setTimeout as sleep } from "node:timers/promises";
import { runLoad } from "../load/run-load.mjs";
import { readCpuSeconds } from "../processes/cpu-time.mjs";
import { PreparedRequest } from "../requests/prepared-request.mjs";

/** What a service still does for a request after its answer counts in the CPU time: reports after 100 ms, log lines after 200. */
const afterworkMs = 250;

/** Lets every target of these scenarios compile its code before the first of them is measured. */
export async function warmUp(scenarios, durationMs) {
  for (const scenario of scenarios.filter(({ connections }) => connections === 1)) {
    const request = new PreparedRequest(scenario.size, scenario.stream);
    const busier = { ...scenario, connections: 8 };
    for (const target of scenario.targets) await runSlice(busier, target, request, durationMs);
  }
}

/** One scenario on all its targets, in turns: A B C A B C, so that whatever else the machine does meets all alike. */
export async function measure(scenario, redis, { rounds, sliceMs }) {
  const request = new PreparedRequest(scenario.size, scenario.stream);
  const slices = new Map(scenario.targets.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const target of scenario.targets)
      slices.get(target.name).push(await measureSlice(scenario, target, request, redis, sliceMs));
  return { slices, bodyBytes: request.bodyBytes };
}

async function measureSlice(scenario, target, request, redis, durationMs) {
  const before = { own: readCpuSeconds(target.pids), redis: readCpuSeconds([redis.pid]) };
  const load = await runSlice(scenario, target, request, durationMs);
  await sleep(afterworkMs);
  const cpuSeconds = readCpuSeconds(target.pids) - before.own;
  const redisCpuSeconds = readCpuSeconds([redis.pid]) - before.redis;
  return { ...load, cpuSeconds, redisCpuSeconds };
}

function runSlice({ connections, isRight, nextNumber }, target, request, durationMs) {
  const next = () => request.make(nextNumber(target));
  return runLoad({ url: target.url, connections, durationMs, next, isRight });
}
