import { startRedis } from "../processes/redis.mjs";
import { startBareFastify } from "./bare-fastify.mjs";
import { startLitellmTarget } from "./litellm.mjs";
import { startNginx } from "./nginx.mjs";
import { startOneProcess } from "./one-process.mjs";
import { startThreeProcesses } from "./three-processes.mjs";
import { startBarePipe, startUpstream } from "./upstream.mjs";

/** As many as differ, but no more than have to be asked first. */
const questions = 16;

/** Starts all targets. They stay up to the end and idle while another one is measured. */
export async function startTargets({ children, loadCpu, dist, againstDist, isWithLitellm }) {
  const redis = await startRedis(children);
  const upstream = await startUpstream({ children, loadCpu });
  const context = { children, redis, upstream, dist };
  const bare = await startBareFastify(context);
  const pipe = await startBarePipe(context);
  const nginx = await startNginx(context);
  const litellm = isWithLitellm ? await startLitellmTarget(context, { questions }) : undefined;
  const three = await startThreeProcesses(context, { name: "three processes", questions });
  const one = await startOneProcess(context, { name: "one process", questions });
  const redisTier = await startThreeProcesses(context, {
    name: "three processes, Redis tier",
    // Less memory than all the answers take: none is there when it is asked for again.
    cacheEnv: { CACHE_MAX_MEMORY_MB: "1" },
    gatewayEnv: { CACHE_NEAR_MEMORY_MB: "0" },
    questions: 256,
  });
  const against =
    againstDist &&
    (await startThreeProcesses(
      { ...context, dist: againstDist },
      { name: "three processes, other build", questions },
    ));
  return { context, redis, upstream, bare, pipe, nginx, litellm, three, one, redisTier, against };
}
