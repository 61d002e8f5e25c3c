import type { RunningService } from "#platform/bootstrap.js";
import { startCache } from "../../services/cache/src/start-cache.js";
import { InProcess } from "../../services/gateway/src/in-process.js";
import { startGateway } from "../../services/gateway/src/start-gateway.js";
import { parseOllamaHost } from "../../services/inference-adapter/src/backends/ollama/parse-ollama-host.js";
import { startInferenceAdapter } from "../../services/inference-adapter/src/start-inference-adapter.js";
import { isRefused } from "./ask-ollama.js";
import { checkConfiguration, type Configuration } from "./check-configuration.js";
import { checkGatewayPort, choosePort } from "./choose-port.js";
import { startDemoEngine } from "./demo-engine/demo-engine.js";
import { toEntryStore } from "./in-process-entries.js";
import { toCreateMessage } from "./in-process-inference.js";

export interface EmbeddedSettings {
  /** Where Ollama is by default. */
  ollamaUrl?: string;
  /** Called when the demo engine has made way for Ollama. */
  onOllama?: (ollamaUrl: string) => void;
}

/** The three services in one process. */
export interface Embedded {
  configuration: Configuration;
  gateway: RunningService;
  cacheUrl: string;
  inferenceUrl: string;
  /** Where the adapter finds Ollama, or what stands in for it; undefined where it uses none or runs elsewhere. */
  ollamaUrl: string | undefined;
  isDemo: boolean;
  /** The gateway first, then what it uses; the time is for all of them together. */
  close(drainTimeoutMs?: number): Promise<void>;
}

interface Started {
  gateway?: RunningService;
  adapter?: RunningService;
  cache?: RunningService;
  demo?: Pick<RunningService, "close"> | undefined;
}

/** @throws ConfigError, StartError */
export async function startEmbedded(
  env: NodeJS.ProcessEnv,
  settings: EmbeddedSettings = {},
): Promise<Embedded> {
  const configuration = checkConfiguration(env);
  await checkGatewayPort(configuration.gateway.API_PORT, configuration.gateway.API_HOST);
  const started: Started = {};
  const close = async (drainTimeoutMs = configuration.gateway.DRAIN_TIMEOUT_MS) => {
    const endsAt = performance.now() + drainTimeoutMs;
    for (const service of [started.gateway, started.adapter, started.cache, started.demo])
      await service?.close(Math.max(0, endsAt - performance.now()));
  };
  try {
    const cacheUrl = await startOwnCache(env, configuration, started);
    const inference = await startOwnAdapter(env, settings, configuration, started);
    const gateway = await startGateway(
      { ...env, CACHE_URL: cacheUrl, INFERENCE_URL: inference.inferenceUrl },
      new InProcess(
        started.adapter && toCreateMessage(started.adapter),
        started.cache && toEntryStore(started.cache),
      ),
    );
    started.gateway = gateway;
    return { configuration, gateway, cacheUrl, ...inference, close };
  } catch (error) {
    await close(0);
    throw error;
  }
}

async function startOwnCache(
  env: NodeJS.ProcessEnv,
  { cache, gateway }: Configuration,
  started: Started,
): Promise<string> {
  const { CACHE_HOST: host, CACHE_PORT: wanted } = cache;
  const elsewhere = urlElsewhere(env["CACHE_URL"], host, wanted);
  if (elsewhere !== undefined) return elsewhere;
  const port = await choosePort({ name: "CACHE_PORT", port: wanted, host }, env, gateway.API_PORT);
  const service = await startCache({ ...env, CACHE_PORT: String(port) });
  started.cache = service;
  return service.url;
}

async function startOwnAdapter(
  env: NodeJS.ProcessEnv,
  settings: EmbeddedSettings,
  { adapter, gateway }: Configuration,
  started: Started,
): Promise<Pick<Embedded, "inferenceUrl" | "ollamaUrl" | "isDemo">> {
  const { INFERENCE_HOST: host, INFERENCE_PORT: wanted } = adapter;
  const elsewhere = urlElsewhere(env["INFERENCE_URL"], host, wanted);
  if (elsewhere !== undefined) return { inferenceUrl: elsewhere, ollamaUrl: undefined, isDemo: false };
  const port = await choosePort({ name: "INFERENCE_PORT", port: wanted, host }, env, gateway.API_PORT);
  if (adapter.INFERENCE_BACKEND !== "ollama") {
    const service = await startInferenceAdapter({ ...env, INFERENCE_PORT: String(port) });
    started.adapter = service;
    return { inferenceUrl: service.url, ollamaUrl: undefined, isDemo: false };
  }
  const realUrl = settings.ollamaUrl ?? parseOllamaHost(adapter.OLLAMA_HOST);
  const isDemo = !env["OLLAMA_HOST"] && !env["MODEL_NAME"] && (await isRefused(realUrl));
  const demo = isDemo
    ? await startDemoEngine({ ollamaUrl: realUrl, onOllama: settings.onOllama })
    : undefined;
  started.demo = demo;
  const ollamaUrl = demo?.url ?? realUrl;
  const service = await startInferenceAdapter({
    ...env,
    INFERENCE_PORT: String(port),
    OLLAMA_HOST: ollamaUrl,
  });
  started.adapter = service;
  return { inferenceUrl: service.url, ollamaUrl, isDemo };
}

/** The URL of a service that the user runs somewhere else: then none is started here. */
function urlElsewhere(named: string | undefined, host: string, port: number): string | undefined {
  if (!named) return undefined;
  const { hostname, port: namedPort } = new URL(named);
  const isHere = ["127.0.0.1", "localhost", "[::1]", host].includes(hostname) && namedPort === String(port);
  return isHere ? undefined : named;
}
