import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";

/** Minutes of faults on real Redis servers: in CI, or with `npm run test:slow`. */
const slow = "**/*.slow.spec.ts";

export default defineConfig({
  resolve: { conditions: ["llm-selfhost-source"] },
  ssr: { resolve: { conditions: ["llm-selfhost-source"] } },
  test: {
    include: ["{services,libs,embedded,tests,scripts}/**/*.spec.ts"],
    exclude: [...configDefaults.exclude, ...(process.env["CI"] || process.env["SLOW"] ? [] : [slow])],
    setupFiles: ["tests/support/setup.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
    // Many tests wait as much as they work.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
  },
});
