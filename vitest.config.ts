import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{apps,libs}/*/src/**/*.test.ts", "tools/**/*.test.ts", "e2e/src/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two cores: more workers only make databases and processes wait for each other.
    maxWorkers: 2,
  },
});
