import type { Reporter } from 'vitest/node';

/** Ends the output of `npm test` with one plain line that people and programs can read. */
export const tally: Reporter = {
  onTestRunEnd(modules, unhandledErrors) {
    let passed = 0;
    let skipped = 0;
    // An error outside any test (a file that does not load, a rejection nobody awaited) counts as a failed test.
    let failed = unhandledErrors.length;
    for (const module of modules) {
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        else if (state === 'failed') failed += 1;
        else skipped += 1;
      }
    }
    // At the very end, so that nothing of the default reporter follows.
    process.once('exit', () => {
      process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
    });
  },
};
