import { startRedis } from "../processes/redis.mjs";
import { startBareFastify } from "./bare-fastify.mjs";
import { startOneProcess } from "./one-process.mjs";
import { startThreeProcesses } from "./three-processes.mjs";
import { startBarePipe, startUpstream } from "./upstream.mjs";

/** Starts all targets. They stay up to the end and idle while another one is measured. */
export async function startTargets({ children, dist, againstDist }) {
  const redis = await startRedis(children);
  const upstream = await startUpstream({ children });
  const context = { children, redis, upstream, dist };
  const bare = await startBareFastify(context);
  const pipe = await startBarePipe(context);
  const three = await startThreeProcesses(context, { name: "three processes" });
  const one = await startOneProcess(context, { name: "one process" });
  // Less memory than all the questions' answers take: none is there when it is asked for again.
  const cacheEnv = { CACHE_MAX_MEMORY_MB: "1" };
  const redisTier = await startThreeProcesses(context, { name: "three processes, Redis tier", cacheEnv });
  const against =
    againstDist &&
    (await startThreeProcesses({ ...context, dist: againstDist }, { name: "three processes, other build" }));
  return { redis, upstream, bare, pipe, three, one, redisTier, against };
}
