import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { addNodeRelease, addOllamaRelease, startDownloadServer } from "./download-server.mjs";
import { findFreePorts } from "../../tests/support/free-ports.ts";
import { Scratch } from "./scratch.mjs";

const version = "99.0.0";
const archive = `/v${version}/ollama-linux-amd64.tar.zst`;
/** With the mark of Windows before its first line. */
const ownSettings = "\ufeffMODEL_NAME=tiny\n# mine\nCACHE_TTL=60 # a minute\nLOG_LEVEL='info'";

/** install.sh against a download source on loopback; its Ollama is the project's fake. */
export async function installChecks(node) {
  const scratch = new Scratch();
  const files = new Map();
  const script = `#!/bin/sh\nFAKE_OLLAMA_VERSION=${version} exec '${node}' '${scratch.path("scripts/host-tests/fake-ollama.mjs")}' "$@"\n`;
  addOllamaRelease(files, version, scratch.folder, script);
  addNodeRelease(files, scratch.folder, node);
  const server = await startDownloadServer(files);
  const [gateway, cache, adapter, ollama] = await findFreePorts(4);
  Object.assign(scratch.env, {
    OLLAMA_VERSION: version,
    OLLAMA_DOWNLOAD: server.url,
    API_PORT: String(gateway),
    CACHE_PORT: String(cache),
    INFERENCE_PORT: String(adapter),
    OLLAMA_HOST: `127.0.0.1:${ollama}`,
  });
  scratch.addGpu(24_564);

  const checks = {
    "--dry-run tells what it would do and changes nothing": async () => {
      const { code, output } = await scratch.install("--dry-run");
      assert.equal(code, 0, output);
      for (const text of [
        "NVIDIA Test Card",
        "model qwen3-coder with a window of 65536",
        `would download ${server.url}`,
        `models in ${scratch.volume}/ollama/models`,
        "would add MODEL_NAME",
        "Nothing was changed",
      ])
        assert.ok(output.includes(text), `${text} is missing in ${output}`);
      for (const path of [".env", ".local", "run"]) assert.ok(!existsSync(scratch.path(path)), path);
      assert.deepEqual(readdirSync(scratch.volume), []);
    },

    "values that cannot be stop it before anything is done": async () => {
      for (const [args, says] of [
        [["--model", "--yes"], /--model needs a value/],
        [["--context", "08"], /window must be a whole number of tokens, 512 at least, not 08/],
        [["--context", "99999999999999999999"], /window must be a whole number/],
        [["--storage", "volume"], /--storage takes the path of a volume/],
        [["--storage", "/"], /--storage takes the path of a volume/],
      ]) {
        const { code, output } = await scratch.install("--dry-run", ...args);
        assert.match(`${code} ${output}`, /^1 /);
        assert.match(output, says);
      }
      const { output } = await scratch.install("--dry-run", "--storage", `${scratch.volume}/`);
      assert.ok(output.includes(`models in ${scratch.volume}/ollama/models`), output);
    },

    "a CDPATH that makes cd print": async () => {
      const env = { CDPATH: scratch.folder };
      const { code, output } = await scratch.runWith(
        env,
        "sh",
        "-c",
        "cd .. && project/install.sh --dry-run",
      );
      assert.match(`${code} ${output}`, /^0 [^]*Nothing was changed/);
    },

    "too little VRAM stops it, with the window that fits": async () => {
      scratch.addGpu(20_475);
      const small = await scratch.install();
      assert.equal(small.code, 1);
      assert.match(small.output, /needs 21964 MiB of VRAM.*has 20475.*--context 32768/s);
      scratch.addGpu(16_000);
      const tiny = await scratch.install();
      assert.match(tiny.output, /needs 17700 MiB of VRAM for its weights alone/);
      const forced = await scratch.install("--dry-run", "--force");
      assert.equal(forced.code, 0);
      assert.match(forced.output, /WARNING: .*weights alone/);
      scratch.addGpu(24_564);
      assert.ok(!existsSync(scratch.path(".env")));
    },

    "no GPU stops it unless --cpu asks for a small model": async () => {
      scratch.addProgram(
        "nvidia-smi",
        "#!/bin/sh\necho 'NVIDIA-SMI has failed because it could not communicate with the driver'\nexit 9\n",
      );
      const without = await scratch.install();
      assert.equal(without.code, 1);
      assert.match(without.output, /no NVIDIA GPU here \(nvidia-smi fails: NVIDIA-SMI has failed.*--cpu/s);
      const cpu = await scratch.install("--dry-run", "--cpu");
      assert.match(cpu.output, /model qwen2.5-coder:1.5b with a window of 32768/);
      scratch.addGpu(24_564);
    },

    "too little disk and too little memory stop it": async () => {
      scratch.addProgram("df", "#!/bin/sh\necho Avail\necho 12000\n");
      const disk = await scratch.install();
      assert.equal(disk.code, 1);
      assert.match(disk.output, /28600 MB of disk are needed .* 12000 are free/);
      scratch.removeProgram("df");
      const limit = join(scratch.folder, "memory.max");
      writeFileSync(limit, String(2 * 1024 ** 3));
      const memory = await scratch.runWith({ CGROUP_LIMIT: limit }, "./install.sh");
      assert.match(memory.output, /4000 MiB of memory are needed, this machine has 2048/);
    },

    "a download with another checksum is not installed": async () => {
      const good = files.get(archive);
      files.set(archive, Buffer.from("something else"));
      const { code, output } = await scratch.install("--model", "tiny", "--no-model");
      files.set(archive, good);
      assert.equal(code, 1);
      assert.match(output, /could not be fetched with the checksum/);
      assert.ok(!existsSync(scratch.path(".local/bin/ollama")));
    },

    "settings that are no text in UTF-8 stop it": async () => {
      writeFileSync(scratch.path(".env"), `\ufeffMODEL_NAME=tiny\n`, "utf16le");
      const { code, output } = await scratch.install("--dry-run");
      rmSync(scratch.path(".env"));
      assert.equal(code, 1);
      assert.match(output, /\.env must be a text in UTF-8/);
    },

    "a real installation without a terminal, which goes on with an interrupted download": async () => {
      writeFileSync(scratch.path(".env"), ownSettings);
      const half = files.get(archive).subarray(0, 10_000);
      writeFileSync(scratch.path(".local/download/ollama-linux-amd64.tar.zst"), half);
      server.asked.length = 0;
      const { code, output } = await scratch.install("--redis", "none");
      assert.equal(code, 0, output);
      assert.match(output, /A message through the gateway was answered/);
      assert.deepEqual(
        server.asked.filter(({ path }) => path === archive),
        [{ path: archive, range: "bytes=10000-" }],
      );
      const env = readFileSync(scratch.path(".env"), "utf8");
      assert.ok(env.startsWith(`${ownSettings}\n`), env);
      assert.match(env, new RegExp(`^OLLAMA_MODELS=${scratch.volume}/ollama/models$`, "m"));
      assert.equal(env.match(/MODEL_NAME/g).length, 1);
      assert.match((await scratch.host("status")).output, /not running/);
    },

    "a second run finds everything and changes nothing": async () => {
      const before = readFileSync(scratch.path(".env"), "utf8");
      server.asked.length = 0;
      const { code, output } = await scratch.install("--redis", "none");
      assert.equal(code, 0, output);
      assert.match(output, /Ollama is here/);
      assert.match(output, /nothing to add/);
      assert.deepEqual(server.asked, []);
      assert.equal(readFileSync(scratch.path(".env"), "utf8"), before);
    },

    "an option that says otherwise than .env is refused": async () => {
      const { code, output } = await scratch.install("--model", "qwen3-coder");
      assert.equal(code, 1);
      assert.match(output, /MODEL_NAME is tiny in \.env, not qwen3-coder/);
    },

    "--start leaves it running": async () => {
      const { code, output } = await scratch.install("--redis", "none", "--start");
      assert.equal(code, 0, output);
      assert.match((await scratch.host("status")).output, /model +tiny:latest ready/);
      assert.equal((await scratch.host("stop", "--now")).code, 0);
    },

    "at a terminal it asks for Redis' credentials, and .env keeps them": async () => {
      rmSync(scratch.path(".env"), { force: true });
      const answers = ["other", "redis.example", "6390", "me", "p#ss 'w", "yes"];
      const output = await atTerminal(scratch, "./install.sh --model tiny --no-model", answers);
      const env = readFileSync(scratch.path(".env"), "utf8");
      assert.match(
        env,
        /^REDIS_HOST=redis\.example\nREDIS_PORT=6390\nREDIS_USERNAME=me\nREDIS_PASSWORD="p#ss 'w"\nREDIS_TLS=true$/m,
        output,
      );
      assert.ok(!output.includes("p#ss"), "the password was shown");
      assert.equal((await scratch.run("stat", "-c", "%a", ".env")).output, "600\n");
      const again = await scratch.install("--no-model");
      assert.match(again.output, /Redis: outside/);
      assert.equal(readFileSync(scratch.path(".env"), "utf8"), env);
    },

    "without Node it takes the official archive": async () => {
      const { code, output } = await scratch.runWith(
        { PATH: withoutNode(scratch), NODE_DOWNLOAD: `${server.url}/node` },
        "./install.sh",
        "--no-model",
      );
      assert.equal(code, 0, output);
      assert.match(output, /Node v24\.\S+ is in \.local\/node/);
    },
  };
  const close = async () => {
    await scratch.host("stop", "--now");
    server.close();
    scratch.remove();
  };
  return { name: "install", checks, close };
}

/** Types each answer when a question has come. */
async function atTerminal(scratch, command, answers) {
  const child = spawn("script", ["-qec", command, "/dev/null"], { cwd: scratch.project, env: scratch.env });
  let output = "";
  const rest = [...answers];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
    if (/(\]|:) $/.test(output) && rest.length > 0) child.stdin.write(`${rest.shift()}\n`);
  });
  await once(child, "close");
  return output;
}

/** The programs of the machine but for Node. */
function withoutNode(scratch) {
  const folder = join(scratch.folder, "no-node");
  mkdirSync(folder, { recursive: true });
  for (const from of ["/bin", "/usr/bin", "/usr/sbin"])
    for (const name of readdirSync(from).filter((entry) => !/^(node|nodejs|npm|npx)$/.test(entry)))
      if (!existsSync(join(folder, name)))
        try {
          symlinkSync(join(from, name), join(folder, name));
        } catch (error) {
          if (error.code !== "EEXIST") throw error;
        }
  return `${scratch.bin}:${folder}`;
}
