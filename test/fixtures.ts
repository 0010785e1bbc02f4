import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FixtureFolder } from './parity/types.ts';

/** The conformance fixtures, beside the repository; they are not part of it. */
const ROOT = join(import.meta.dirname, '..', '..', 'shared', 'fixtures');

/** Why tests against the fixtures are skipped, `undefined` when they are there. */
export const noFixtures = existsSync(join(ROOT, 'index.json')) ? undefined : '../shared/fixtures is not there';

/** A folder of the fixtures, e.g. `sd3`. */
export function fixture(name: string): FixtureFolder {
  const directory = join(ROOT, name);
  const manifest: unknown = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8'));
  return { directory, path: name, manifest };
}
