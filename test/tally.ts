import type { Reporter } from 'vitest/node';
import { findFfmpeg } from '../native/ffmpeg.ts';

/** Ends the output of `npm test` with one plain line that people and programs can read. */
export const tally: Reporter = {
  async onTestRunEnd(modules, unhandledErrors) {
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
    const reasons = skipped > 0 ? await whySkipped() : [];
    // At the very end, so that nothing of the default reporter follows.
    process.once('exit', () => {
      for (const reason of reasons) process.stdout.write(`\nskipped: ${reason}`);
      process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
    });
  },
};

/** What this machine lacks that tests are skipped without; others were left out by a filter, or are for another system. */
async function whySkipped(): Promise<string[]> {
  // A browser's driver, which most runs do not need.
  const { noChromium } = await import('./chromium.ts');
  return [
    ...(noChromium === undefined ? [] : [`tests in a browser, since ${noChromium}`]),
    ...(findFfmpeg(process.env) === undefined ? ['tests of films, since no ffmpeg is on PATH'] : []),
    ...(process.env.ATTUNE_ELECTRON ? [] : ["a test in Electron's own window, since ATTUNE_ELECTRON names no program"]),
  ];
}
