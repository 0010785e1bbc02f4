import { join, resolve } from 'node:path';
import { createOnnxRuntime } from '../../native/runtime.ts';
import type { ParityResult } from './types.ts';
import { findFixtures, formatResult, runFixture } from './walk.ts';

/** The fixtures that the repository has. */
const OWN = join(import.meta.dirname, 'fixtures');

/**
 * `npm run parity`, `npm run parity -- DIR`: holds the product against every fixture of the repository, or below DIR. Exit 0: none failed,
 * 1: some did, 2: wrong usage.
 */
async function main(args: readonly string[]): Promise<number> {
  const [root = OWN, ...rest] = args;
  if (rest.length > 0) {
    process.stderr.write(
      'Usage: npm run parity [-- DIR]\nDIR: a folder of fixtures, each with a manifest.json; by default those of the repository.\n',
    );
    return 2;
  }
  const fixtures = await findFixtures(resolve(root)).catch((error: unknown) => {
    process.stderr.write(`${root} cannot be read: ${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  });
  if (fixtures === undefined) return 2;
  if (fixtures.length === 0) {
    process.stderr.write(`There is no manifest.json below ${root}.\n`);
    return 2;
  }
  const context = { runtime: createOnnxRuntime() };
  const count: Record<ParityResult['status'], number> = { PASS: 0, FAIL: 0, SKIP: 0 };
  for (const fixture of fixtures) {
    for (const result of await runFixture(fixture, context)) {
      count[result.status] += 1;
      process.stdout.write(`${formatResult(result)}\n`);
      if (result.status === 'PASS' && result.detail !== undefined)
        process.stderr.write(`  ${result.path}: ${result.detail}\n`);
    }
  }
  process.stdout.write(`${count.PASS} passed, ${count.FAIL} failed, ${count.SKIP} skipped\n`);
  return count.FAIL > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
