import { defineConfig } from 'vitest/config';
import { tally } from './test/tally.ts';

export default defineConfig({
  cacheDir: '.cache/vitest',
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '.cache/**', 'models/recipe/**'],
    // Each file gets a process of its own: a runtime that crashes or keeps memory must not take its neighbours along.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What a page shows is waited for: the usual second is too short for a machine that has more to do.
    expect: { poll: { timeout: 20_000 } },
    reporters: ['default', tally],
  },
});
