import { defineConfig, type ViteUserConfig } from "vitest/config";

// Five kinds of tests; what each may touch stands in CONTRIBUTING.md.
const config: ViteUserConfig = defineConfig({
  test: {
    // Real servers and real clocks: one in three waits at any time, and more of them would starve each other.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          testTimeout: 30_000,
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: "sim", include: ["test/sim/**/*.test.ts"], testTimeout: 120_000 },
      },
      {
        extends: true,
        test: {
          name: "infra",
          include: ["test/infra/**/*.test.ts"],
          globalSetup: "test/support/compile-once.ts",
          // What is synthesized is shared, and the CDK loaded once.
          isolate: false,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          globalSetup: ["test/support/compile-once.ts", "test/support/fetch-servers.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: [
            "test/support/compile-once.ts",
            "test/support/fetch-servers.ts",
            "test/support/fetch-runtime-client.ts",
          ],
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});

export default config;
