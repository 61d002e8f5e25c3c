/** What a service holds: open files, heap after a collection in MB, generations. */
export async function measure(system, name) {
  system.setClock(name, 0);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const metrics = await (await fetch(`${system.urls[name]}/metrics`)).text();
  const valueOf = (metric) => Number(new RegExp(`^${metric} (\\S+)$`, "m").exec(metrics)?.[1] ?? 0);
  return {
    files: system.processes[name].openFiles,
    heapMb: valueOf("nodejs_heap_size_used_bytes") / 2 ** 20,
    residentMb: valueOf("process_resident_memory_bytes") / 2 ** 20,
    generations: valueOf("llm_inference_in_flight") + valueOf("llm_inference_queue_depth"),
  };
}

/** All well: a cache that is up with its Redis, an adapter with its Ollama. */
export async function isWell({ urls }) {
  const response = await fetch(`${urls.gateway}/health`, { signal: AbortSignal.timeout(1500) });
  const health = JSON.stringify(await response.json());
  const cache = await fetch(`${urls.cache}/stats`, { signal: AbortSignal.timeout(1500) });
  const { redis } = await cache.json();
  return response.status === 200 && redis === "up" && !/"(down|degraded)"/.test(health);
}
