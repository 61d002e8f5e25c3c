// What the files say, before anything is started.
import { deepEqual, equal, ok } from "node:assert/strict";

const networksOf = {
  gateway: ["front", "inner"],
  cache: ["inner", "outside"],
  "inference-adapter": ["inner", "outside"],
  ollama: ["inner", "outside"],
  redis: ["inner"],
  prometheus: ["inner", "monitoring"],
  grafana: ["monitoring"],
};
const inner = ["cache", "inference-adapter", "redis", "ollama"];

export const fileChecks = {
  "docker-compose.yml is valid: seven services, what is published is on loopback": async ({ project }) => {
    const { services, networks } = await project.config("docker-compose.yml");
    deepEqual(Object.keys(services).sort(), Object.keys(networksOf).sort());
    for (const [name, { ports = [] }] of Object.entries(services)) {
      equal(ports.length, inner.includes(name) ? 0 : 1, `ports of ${name}`);
      for (const { host_ip } of ports) equal(host_ip, "127.0.0.1", `where ${name} is published`);
    }
    equal(networks.inner.internal, true);
    for (const [name, { restart, mem_limit, networks: joined }] of Object.entries(services)) {
      equal(restart, "unless-stopped", name);
      ok(name === "ollama" || Number(mem_limit) > 0, `${name} has no memory limit`);
      deepEqual(Object.keys(joined).sort(), networksOf[name], name);
    }
  },

  "docker-compose.gpu.yml is valid by itself: the same with an NVIDIA GPU, qwen3-coder and 65,536 tokens":
    async ({ project }) => {
      const cpu = await project.config("docker-compose.yml", {
        MODEL_NAME: "qwen3-coder",
        CONTEXT_LENGTH: "65536",
      });
      const gpu = await project.config("docker-compose.gpu.yml");
      const { runtime, deploy, ...ollama } = gpu.services.ollama;
      equal(runtime, "nvidia");
      deepEqual(deploy.resources.reservations.devices[0].capabilities, ["gpu"]);
      for (const variable of ["NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES"])
        delete ollama.environment[variable];
      deepEqual({ ...gpu.services, ollama }, cpu.services);
      deepEqual(gpu.volumes, cpu.volumes);
    },

  "what stands in .env goes before the files' defaults": async ({ project }) => {
    const variables = {
      MODEL_NAME: "qwen3:4b",
      CONTEXT_LENGTH: "16384",
      CACHE_TTL: "60",
      API_HOST: "10.0.0.1",
    };
    for (const file of ["docker-compose.yml", "docker-compose.gpu.yml"]) {
      const { services } = await project.config(file, variables);
      const { gateway, "inference-adapter": adapter, ollama } = services;
      equal(gateway.environment.MODEL_NAME, "qwen3:4b");
      equal(gateway.environment.CACHE_TTL, "60");
      equal(gateway.environment.API_HOST, undefined);
      equal(adapter.environment.CONTEXT_LENGTH, "16384");
      equal(ollama.environment.OLLAMA_CONTEXT_LENGTH, "16384");
    }
  },

  "Prometheus' own checker takes its configuration, and the rules do what they say": async ({ project }) => {
    const promtool = ["run", "--rm", "--no-deps", "-T", "--entrypoint", "promtool", "prometheus"];
    await project.compose([...promtool, "check", "config", "/etc/prometheus/prometheus.yml"]);
    await project.compose([...promtool, "test", "rules", "/etc/prometheus/rules.test.yml"]);
  },
};
