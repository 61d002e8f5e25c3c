// The GPU's wiring, where the daemon knows the NVIDIA runtime; whether there is a GPU makes no difference.
import { deepEqual, equal } from "node:assert/strict";

export const gpuCheck = {
  "Ollama gets the GPU": async ({ project }) => {
    const runtimes = JSON.parse(await project.docker(["info", "--format", "{{json .Runtimes}}"]));
    if (!("nvidia" in runtimes)) return "skipped, this Docker has no NVIDIA runtime";
    await project.gpuCompose(["up", "-d", "--wait", "--no-deps", "ollama"], { limitMs: 120_000 });
    const [{ HostConfig, Config }] = await project.inspect("ollama");
    equal(HostConfig.Runtime, "nvidia");
    deepEqual(HostConfig.DeviceRequests[0].Capabilities, [["gpu"]]);
    equal(HostConfig.DeviceRequests[0].Count, -1);
    for (const line of [
      "OLLAMA_CONTEXT_LENGTH=65536",
      "OLLAMA_FLASH_ATTENTION=1",
      "OLLAMA_KV_CACHE_TYPE=q8_0",
    ])
      equal(Config.Env.includes(line), true, line);
    await project.compose(["rm", "-sf", "ollama"]);
  },
};
