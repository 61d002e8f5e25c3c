import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { join } from "node:path";

/** Serves `files` (path → bytes) with ranges, and keeps what was asked for: `{ path, range }`. */
export async function startDownloadServer(files) {
  const asked = [];
  const server = createServer((request, reply) => {
    const { range } = request.headers;
    asked.push({ path: request.url, range });
    const bytes = files.get(request.url);
    if (bytes === undefined) return reply.writeHead(404).end();
    const start = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
    if (start >= bytes.length && range) return reply.writeHead(416).end();
    const headers = range ? { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {};
    reply.writeHead(range ? 206 : 200, { ...headers, "content-length": bytes.length - start });
    reply.end(bytes.subarray(start));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${server.address().port}`, files, asked, close: () => server.close() };
}

/** A release of Ollama whose program is the given script. */
export function addOllamaRelease(files, version, folder, script) {
  const name = "ollama-linux-amd64.tar.zst";
  const archive = pack(
    join(folder, "ollama"),
    { "bin/ollama": script, "lib/ollama/padding": randomText() },
    "--zstd",
    name,
  );
  files.set(`/v${version}/${name}`, archive);
  files.set(`/v${version}/sha256sum.txt`, Buffer.from(`${sha256(archive)}  ./${name}\n`));
}

/** A Node whose programs are the machine's. */
export function addNodeRelease(files, folder, node) {
  const name = "node-v24.0.0-linux-x64.tar.gz";
  const own = (program) => `#!/bin/sh\nexec ${program} "$@"\n`;
  const npm = spawnSync("sh", ["-c", "command -v npm"], { encoding: "utf8" }).stdout.trim();
  const programs = { "bin/node": own(node), "bin/npm": own(npm) };
  const entries = Object.entries(programs).map(([path, text]) => [`node-v24.0.0-linux-x64/${path}`, text]);
  const archive = pack(join(folder, "node"), Object.fromEntries(entries), "--gzip", name);
  files.set(`/node/${name}`, archive);
  files.set("/node/SHASUMS256.txt", Buffer.from(`${sha256(archive)}  ${name}\n`));
}

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

function pack(folder, files, compression, name) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
    chmodSync(join(folder, path), 0o755);
  }
  const { status, stderr } = spawnSync("tar", [compression, "-cf", `../${name}`, ...readdirSync(folder)], {
    cwd: folder,
  });
  if (status !== 0) throw new Error(String(stderr));
  return readFileSync(join(folder, "..", name));
}

/** Does not compress, so that there is something to interrupt. */
function randomText() {
  return Array.from({ length: 4000 }, () => Math.random()).join("\n");
}
