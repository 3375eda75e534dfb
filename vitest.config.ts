import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two cores: more workers only make databases and processes wait for each other.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: "parts",
          include: ["{apps,libs}/*/src/**/*.test.ts", "bench/src/**/*.test.ts", "tools/**/*.test.ts"],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        // Whole systems, one after the other, when nothing else runs.
        test: {
          name: "system",
          include: ["e2e/src/**/*.test.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
