import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { WorkerOptions } from "node:worker_threads";

// From the sources, in tests, Node strips the types itself but does not look for `x.ts` behind `./x.js`.
const resolveSources = `import { registerHooks } from "node:module";
registerHooks({ resolve: (name, context, next) =>
  next(name.startsWith(".") && context.parentURL?.endsWith(".ts") ? name.replace(/\\.js$/, ".ts") : name, context) });`;

/**
 * The file of a worker that stands beside `importerUrl`, and what Node needs to run it, compiled or not. Uncompiled
 * it runs without a compiler: only erasable TypeScript, and no imports by `#`.
 */
export function findWorkerFile(
  importerUrl: string,
  name: string,
): { url: URL; options: Pick<WorkerOptions, "execArgv"> } {
  const extension = extname(fileURLToPath(importerUrl));
  const execArgv =
    extension === ".ts" ? ["--import", `data:text/javascript,${encodeURIComponent(resolveSources)}`] : [];
  return { url: new URL(`./${name}${extension}`, importerUrl), options: { execArgv } };
}
