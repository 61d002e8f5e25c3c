import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFreePort } from "../../tests/support/free-ports.ts";
import { answers } from "../processes/children.mjs";

/** nginx as a pipe before the upstream, in one process; undefined where it is not installed. */
export async function startNginx({ children, upstream }) {
  // Debian's is not on everybody's PATH.
  const program = ["nginx", "/usr/sbin/nginx"].find((path) => spawnSync(path, ["-v"]).status === 0);
  if (!program) return undefined;
  const port = await findFreePort();
  const config = join(children.directory, "nginx.conf");
  writeFileSync(config, toConfig(children.directory, port, new URL(upstream.url).host));
  const url = `http://127.0.0.1:${port}`;
  const args = ["-p", children.directory, "-e", "stderr", "-c", config];
  const pid = await children.start("nginx", program, args, { isUp: answers(url) });
  return { name: "nginx", url, pids: [pid] };
}

/** Events are passed on as they come and bodies stay in memory: the best that it can do here. */
function toConfig(directory, port, upstream) {
  const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
daemon off;
master_process off;
pid ${directory}/nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  ${folders.map((name) => `${name}_temp_path ${directory}/nginx-${name};`).join("\n  ")}
  upstream ollama { server ${upstream}; keepalive 64; keepalive_requests 10000000; }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 10000000;
    client_max_body_size 32m;
    client_body_buffer_size 1m;
    location / {
      proxy_pass http://ollama;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`;
}
