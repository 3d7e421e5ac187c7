import { defineConfig } from "vitest/config";

/** Tests that start processes share two cores: few files at once, generous limits, no retries. */
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/kit/global-setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
    pool: "forks",
  },
});
