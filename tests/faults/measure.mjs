/** What a service holds: open files, heap after a collection in MB, generations. */
export async function measure(system, name) {
  system.setClock(name, 0);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const metrics = await system.readMetrics(name);
  const valueOf = (metric) => Number(new RegExp(`^${metric} (\\S+)$`, "m").exec(metrics)?.[1] ?? 0);
  return {
    files: system.processes[name].openFiles,
    heapMb: valueOf("nodejs_heap_size_used_bytes") / 2 ** 20,
    residentMb: valueOf("process_resident_memory_bytes") / 2 ** 20,
    generations: valueOf("llm_inference_in_flight") + valueOf("llm_inference_queue_depth"),
  };
}

/** What is not well of a cache that is up with its Redis and an adapter with its Ollama; undefined: nothing. */
export async function findIllness({ urls }) {
  const response = await fetch(`${urls.gateway}/health`, { signal: AbortSignal.timeout(1500) });
  const health = JSON.stringify(await response.json());
  if (response.status !== 200 || /"(down|degraded)"/.test(health)) return `/health: ${health}`;
  const cache = await fetch(`${urls.cache}/stats`, { signal: AbortSignal.timeout(1500) });
  const { redis } = await cache.json();
  return redis === "up" ? undefined : `the cache's Redis is ${redis}`;
}
