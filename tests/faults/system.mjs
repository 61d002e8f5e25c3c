import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../../scripts/root.mjs";
import { FaultyLink } from "./faulty-link.mjs";
import { ManagedProcess } from "./managed-process.mjs";

const here = import.meta.dirname;
const clocks = {
  CONNECT_TIMEOUT_MS: "1000",
  FIRST_EVENT_TIMEOUT_MS: "4000",
  IDLE_TIMEOUT_MS: "3000",
  DETACH_GRACE_MS: "2000",
  DRAIN_TIMEOUT_MS: "1000",
};

/** What runs the model, by INFERENCE_BACKEND. */
const engines = {
  ollama: { name: "ollama", program: "echo-ollama.mjs", path: "/", toEnv: (url) => ({ OLLAMA_HOST: url }) },
  "openai-compatible": {
    name: "vllm",
    program: "echo-openai.mjs",
    path: "/v1/models",
    toEnv: (url) => ({ OPENAI_BASE_URL: url }),
  },
};

/**
 * Three services, or all three in one process, Redis and an engine that echoes, with a link that can be broken between
 * any two processes.
 */
export class System {
  processes = {};
  links = {};

  constructor({ node, folder, isOneProcess, backend, onCrash }) {
    Object.assign(this, { node, folder, isOneProcess, onCrash });
    this.backend = backend;
    this.engine = engines[backend];
    /** The processes that are ours. */
    this.services = isOneProcess ? ["gateway"] : ["gateway", "cache", "adapter"];
  }

  async start() {
    const ports = {};
    const { engine } = this;
    for (const name of ["gateway", "cache", "adapter", "redis", engine.name]) ports[name] = await takePort();
    for (const name of [...this.services, "redis", engine.name]) {
      this.links[name] = new FaultyLink(name, ports[name]);
      await this.links[name].listen();
    }
    const to = (name) => `http://127.0.0.1:${this.links[name].port}`;
    this.#addRedis(ports.redis);
    const port = ports[engine.name];
    this.#add(engine.name, port, [join(here, engine.program)], { PORT: port }, engine.path);
    const cache = {
      CACHE_PORT: ports.cache,
      REDIS_URL: `redis://127.0.0.1:${this.links.redis.port}`,
      CACHE_MAX_MEMORY_MB: "8",
    };
    const adapter = {
      INFERENCE_PORT: ports.adapter,
      INFERENCE_BACKEND: this.backend,
      ...engine.toEnv(to(engine.name)),
      MODEL_NAME: "tiny",
      INFERENCE_CONCURRENCY: "24",
    };
    const gateway = { API_PORT: ports.gateway, MODEL_NAME: "tiny" };
    if (this.isOneProcess) this.#addService("gateway", "embedded", { ...cache, ...adapter, ...gateway });
    else {
      this.#addService("cache", "cache", cache);
      this.#addService("adapter", "inference-adapter", adapter);
      this.#addService("gateway", "gateway", {
        ...gateway,
        CACHE_URL: to("cache"),
        INFERENCE_URL: to("adapter"),
      });
    }
    for (const process of Object.values(this.processes)) await process.launchAndWait();
    /** What clients ask, and the way around the breakable link. */
    this.url = to("gateway");
    this.directUrl = `http://127.0.0.1:${ports.gateway}`;
    this.urls = Object.fromEntries(
      ["gateway", "cache", "adapter"].map((name) => [name, `http://127.0.0.1:${ports[name]}`]),
    );
  }

  /** Of all services that this process runs. */
  async readMetrics(name) {
    const urls = this.isOneProcess ? Object.values(this.urls) : [this.urls[name]];
    const pages = await Promise.all(urls.map(async (url) => (await fetch(`${url}/metrics`)).text()));
    return pages.join("\n");
  }

  /** Steps a service's clock, and collects its heap. */
  setClock(name, offsetMs) {
    writeFileSync(join(this.folder, `${name}.clock`), String(offsetMs));
    this.processes[name].signal("SIGUSR2");
  }

  async close() {
    await Promise.all(Object.values(this.processes).map((process) => process.kill()));
    await Promise.all(Object.values(this.links).map((link) => link.close()));
  }

  #addService(name, program, env) {
    const main = join(root, "dist/bundle", `${program}.js`);
    const control = pathToFileURL(join(here, "process-control.mjs")).href;
    const CONTROL_FILE = join(this.folder, `${name}.clock`);
    writeFileSync(CONTROL_FILE, "0");
    // The disk that the log is on is full all the time.
    const all = { ...clocks, LOG_FILE: "/dev/full", CONTROL_FILE, ...env };
    const port = env.API_PORT ?? env.CACHE_PORT ?? env.INFERENCE_PORT;
    this.#add(name, port, ["--expose-gc", "--import", control, main], all, "/health/live");
  }

  #add(name, port, args, env, path) {
    this.processes[name] = new ManagedProcess(name, {
      command: this.node,
      args,
      env,
      log: join(this.folder, `${name}.log`),
      onCrash: this.onCrash,
      isUp: async () =>
        (await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(2000) })).ok,
    });
  }

  #addRedis(port) {
    const own = ["--port", String(port), "--bind", "127.0.0.1", "--dir", this.folder];
    const args = [...own, "--save", "", "--appendonly", "no"];
    this.processes.redis = new ManagedProcess("redis", {
      command: "redis-server",
      args,
      env: {},
      log: join(this.folder, "redis.log"),
      onCrash: this.onCrash,
      isUp: async () => true,
    });
  }
}

let nextPort = 29_000 + Math.floor(Math.random() * 2000);

/** Below those that connections get by themselves: a part that is away finds its port free when it is back. */
function takePort() {
  const port = nextPort++;
  return new Promise((resolve) => {
    const probe = createServer()
      .once("error", () => resolve(takePort()))
      .listen(port, "127.0.0.1", () => probe.close(() => resolve(port)));
  });
}
