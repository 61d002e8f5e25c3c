import { ConfigError, loadConfig } from "#platform/load-config.js";
import { CacheConfig } from "../../services/cache/src/cache.config.js";
import { checkExposure } from "../../services/gateway/src/access/check-exposure.js";
import { GatewayConfig } from "../../services/gateway/src/gateway.config.js";
import { checkBackend } from "../../services/inference-adapter/src/check-backend.js";
import { InferenceAdapterConfig } from "../../services/inference-adapter/src/inference-adapter.config.js";

export interface Configuration {
  gateway: GatewayConfig;
  cache: CacheConfig;
  adapter: InferenceAdapterConfig;
}

/** The configuration of all three services. @throws ConfigError with the faults of all of them */
export function checkConfiguration(env: NodeJS.ProcessEnv): Configuration {
  const faults = new Set<string>();
  const load = <T extends object>(Config: new () => T) =>
    collectFaults(faults, () => loadConfig(Config, env));
  const gateway = load(GatewayConfig);
  const cache = load(CacheConfig);
  const adapter = load(InferenceAdapterConfig);
  if (gateway) collectFaults(faults, () => checkExposure(gateway));
  if (adapter) collectFaults(faults, () => checkBackend(adapter));
  if (faults.size > 0 || !gateway || !cache || !adapter) throw new ConfigError([...faults]);
  return { gateway, cache, adapter };
}

function collectFaults<T>(faults: Set<string>, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const fault of error.faults) faults.add(fault);
    return undefined;
  }
}
