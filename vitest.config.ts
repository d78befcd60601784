import { defineConfig } from 'vitest/config';

/** One project per kind of test; `npm run test:*` picks them by name. */
function project(
  name: string,
  include: string,
  limits: { testTimeout: number; hookTimeout: number; parallel: boolean },
) {
  return {
    test: {
      name,
      include: [include],
      environment: 'node' as const,
      testTimeout: limits.testTimeout,
      hookTimeout: limits.hookTimeout,
      fileParallelism: limits.parallel,
      // Quick tests hold nothing of a process beyond their end, so files share one: that takes 0.4 times as long.
      isolate: !limits.parallel,
      // Files that start real servers, encoders and brokers come after, one at a time: they would starve each other of CPU.
      sequence: { groupOrder: limits.parallel ? 0 : 1 },
    },
  };
}

const quick = { testTimeout: 15_000, hookTimeout: 15_000, parallel: true };
const real = { testTimeout: 90_000, hookTimeout: 60_000, parallel: false };

export default defineConfig({
  test: {
    projects: [
      project('unit', 'test/unit/**/*.test.ts', quick),
      project('conformance', 'test/conformance/**/*.test.ts', quick),
      project('property', 'test/property/**/*.test.ts', { ...quick, testTimeout: 60_000 }),
      project('policy', 'test/policy/**/*.test.ts', quick),
      project('integration', 'test/integration/**/*.test.ts', real),
      project('interop', 'test/interop/**/*.interop.ts', real),
      // Of its own, for it lasts as long as one likes (SLUICE_CHURN_MINUTES), and what it finds is the broker's as often as ours.
      project('churn', 'test/faults/**/*.churn.ts', { ...real, testTimeout: 180_000 }),
      project('faults', 'test/faults/**/*.fault.ts', { ...real, testTimeout: 180_000 }),
    ],
  },
});
