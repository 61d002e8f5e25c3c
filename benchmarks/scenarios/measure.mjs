import { setTimeout as sleep } from "node:timers/promises";
import { runLoad } from "../load/run-load.mjs";
import { readCpuSeconds } from "../processes/cpu-time.mjs";
import { PreparedRequest } from "../requests/prepared-request.mjs";

/** What a service still does for a request after its answer, so that it counts in the CPU time. */
const afterworkMs = 40;

/**
 * One scenario on all its targets, in turns: A B C A B C, so that whatever else the machine does meets all alike.
 * A round that is shorter than `warmUpMs` goes before and is not counted.
 */
export async function measure(scenario, redis, { rounds, sliceMs, warmUpMs }) {
  const request = new PreparedRequest(scenario.size, scenario.stream);
  const slices = new Map(scenario.targets.map(({ name }) => [name, []]));
  for (const target of scenario.targets) await measureSlice(scenario, target, request, redis, warmUpMs);
  for (let round = 0; round < rounds; round++)
    for (const target of scenario.targets)
      slices.get(target.name).push(await measureSlice(scenario, target, request, redis, sliceMs));
  return { slices, bodyBytes: request.bodyBytes };
}

async function measureSlice({ connections, isRight, nextNumber }, target, request, redis, durationMs) {
  const before = { own: readCpuSeconds(target.pids), redis: readCpuSeconds([redis.pid]) };
  const next = () => request.make(nextNumber());
  const load = await runLoad({ url: target.url, connections, durationMs, next, isRight });
  await sleep(afterworkMs);
  const cpuSeconds = readCpuSeconds(target.pids) - before.own;
  const redisCpuSeconds = readCpuSeconds([redis.pid]) - before.redis;
  return { ...load, cpuSeconds, redisCpuSeconds };
}
