import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../root.mjs";
import { run } from "./run.mjs";

const name = "llm-selfhost-test";
const scriptedOllama = "tests/compose/docker-compose.test.yml";
const files = ["docker-compose.yml", scriptedOllama];
const gpuFiles = ["docker-compose.gpu.yml", scriptedOllama];
/** What docker itself needs; nothing that a user has set for his own stack. */
const kept = /^(PATH|HOME|USER|DOCKER_.*|BUILDKIT_.*|XDG_.*|SSH_AUTH_SOCK|https?_proxy|no_proxy)$/i;

/** The compose project under test, beside whatever stack the user runs: a name and ports of its own. */
export function createProject(basePort) {
  const ports = {
    API_PORT: String(basePort),
    PROMETHEUS_PORT: String(basePort + 10),
    GRAFANA_PORT: String(basePort + 11),
  };
  const settings = { ...ports };
  const environment = () => ({
    ...Object.fromEntries(Object.entries(process.env).filter(([variable]) => kept.test(variable))),
    ...settings,
  });
  const docker = (args, options) => run("docker", args, { env: environment(), ...options });
  const compose = (args, options) => docker(["compose", ...where(files), "-p", name, ...args], options);
  const containers = async (service) => (await compose(["ps", "-q", service])).split("\n").filter(Boolean);
  const inspect = async (service) => JSON.parse(await docker(["inspect", ...(await containers(service))]));
  return {
    name,
    url: `http://127.0.0.1:${basePort}`,
    prometheusUrl: `http://127.0.0.1:${basePort + 10}`,
    grafanaUrl: `http://127.0.0.1:${basePort + 11}`,
    basePort,
    docker,
    compose,
    gpuCompose: (args, options) => docker(["compose", ...where(gpuFiles), "-p", name, ...args], options),
    containers,
    inspect,
    /** Variables from now on, as in `.env`; `undefined` unsets. */
    set: (changed) => {
      Object.assign(settings, changed);
      for (const [variable, value] of Object.entries(settings))
        if (value === undefined) delete settings[variable];
    },
    /** A file as compose reads it, with these variables in `.env`. */
    config: async (file, variables = {}) => {
      const folder = mkdtempSync(join(tmpdir(), "llm-selfhost-env-"));
      const envFile = join(folder, ".env");
      writeFileSync(
        envFile,
        Object.entries(variables)
          .map(([variable, value]) => `${variable}=${value}\n`)
          .join(""),
      );
      const args = ["compose", ...where([file], envFile), "config", "--format", "json"];
      return JSON.parse(await docker(args).finally(() => rmSync(folder, { recursive: true })));
    },
    /** kill -9 from outside, as the kernel does when memory is short. `docker kill` would count as a stop. */
    killMainProcess: async (service) => {
      const [{ Id, State, Image }] = await inspect(service);
      if (isOurs(State.Pid, Id)) return process.kill(State.Pid, "SIGKILL");
      const shell = ["--entrypoint", "sh", Image, "-c", `kill -9 ${State.Pid}`];
      await docker(["run", "--rm", "--privileged", "--pid=host", "--user=0", "--network=none", ...shell]);
    },
    health: async (service) =>
      (await inspect(service)).map(({ State }) => `${State.Status} ${State.Health?.Status}`),
  };
}

/** The daemon runs on this machine, and we may kill what it runs. */
function isOurs(pid, containerId) {
  if (process.getuid?.() !== 0) return false;
  try {
    return readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(containerId);
  } catch {
    return false;
  }
}

function where(composeFiles, envFile = "/dev/null") {
  const named = composeFiles.flatMap((file) => ["-f", join(root, file)]);
  return ["--env-file", envFile, "--project-directory", root, ...named];
}
