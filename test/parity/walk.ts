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
      found.push({ directory, path: path === '' ? '.' : path, ...(await readManifest(directory)) });
    }
    for (const entry of entries) {
      if (entry.isDirectory())
        await visit(join(directory, entry.name), path === '' ? entry.name : `${path}/${entry.name}`);
    }
  };
  await visit(root, '');
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function readManifest(directory: string): Promise<Pick<FixtureFolder, 'manifest' | 'fault'>> {
  try {
    return { manifest: JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')) };
  } catch (error) {
    return { manifest: undefined, fault: `manifest.json: ${firstLine(error)}` };
  }
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0] ?? text;
}

/** Runs one folder; whatever its runner throws is a failure of that folder. */
export async function runFixture(fixture: FixtureFolder, context: ParityContext): Promise<readonly ParityResult[]> {
  const failure = (detail: string): ParityResult => {
    return { path: fixture.path, status: 'FAIL', worst: Number.POSITIVE_INFINITY, detail };
  };
  if (fixture.fault !== undefined) return [failure(fixture.fault)];
  const runner = runnerOf(fixture);
  if (runner === undefined) {
    return [{ path: fixture.path, status: 'SKIP', detail: `no code yet for ${subjectOf(fixture)}` }];
  }
  try {
    return await runner(fixture, context);
  } catch (error) {
    return [failure(firstLine(error))];
  }
}

/** `PASS path share`, `FAIL path share tensor`, `SKIP path reason`; what a PASS has to add is no part of its line. */
export function formatResult({ status, path, worst, detail }: ParityResult): string {
  const share = status === 'SKIP' || worst === undefined ? [] : [formatShare(worst)];
  const more = status === 'PASS' || detail === undefined ? [] : [detail];
  return [status, path, ...share, ...more].join(' ');
}
