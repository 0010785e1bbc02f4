import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatShare } from './compare.ts';
import { runnerOf, subjectOf } from './dispatch.ts';
import type { FixtureFolder, ParityContext, ParityResult } from './types.ts';

/** Every folder below `root` (itself included) that has a manifest.json, in alphabetical order of their paths. */
export async function findFixtures(root: string): Promise<FixtureFolder[]> {
  const found: FixtureFolder[] = [];
  const visit = async (directory: string, path: string): Promise<void> => {
    const entries = await readdir(directory, { withFileTypes: true });
    if (entries.some((entry) => entry.isFile() && entry.name === 'manifest.json')) {
      const manifest: unknown = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8'));
      found.push({ directory, path: path === '' ? '.' : path, manifest });
    }
    for (const entry of entries) {
      if (entry.isDirectory())
        await visit(join(directory, entry.name), path === '' ? entry.name : `${path}/${entry.name}`);
    }
  };
  await visit(root, '');
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Runs one folder; whatever its runner throws is a failure of that folder. */
export async function runFixture(fixture: FixtureFolder, context: ParityContext): Promise<readonly ParityResult[]> {
  const runner = runnerOf(fixture);
  if (runner === undefined) {
    return [{ path: fixture.path, status: 'SKIP', detail: `no code yet for ${subjectOf(fixture)}` }];
  }
  try {
    return await runner(fixture, context);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [
      { path: fixture.path, status: 'FAIL', worst: Number.POSITIVE_INFINITY, detail: reason.split('\n')[0] ?? reason },
    ];
  }
}

/** `PASS path share`, `FAIL path share tensor`, `SKIP path reason`. */
export function formatResult({ status, path, worst, detail }: ParityResult): string {
  const share = status === 'SKIP' || worst === undefined ? [] : [formatShare(worst)];
  return [status, path, ...share, ...(detail === undefined ? [] : [detail])].join(' ');
}
