import { defineConfig } from 'vitest/config';

/** `SOAK_MINUTES=30 npx vitest run --config test/soak/vitest.config.ts`; never part of `npm test`. */
export default defineConfig({
  test: {
    fileParallelism: false,
    include: ['test/soak/**/*.soak.ts'],
    testTimeout: (Number(process.env['SOAK_MINUTES'] ?? 3) + 5) * 60_000,
    hookTimeout: 120_000,
    reporters: ['verbose'],
  },
});
