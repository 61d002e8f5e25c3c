import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["llm-selfhost-source"] },
  ssr: { resolve: { conditions: ["llm-selfhost-source"] } },
  test: {
    include: ["{services,libs,embedded,tests,scripts}/**/*.spec.ts"],
    setupFiles: ["tests/support/setup.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
  },
});
